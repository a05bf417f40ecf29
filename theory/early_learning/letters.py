"""The paper's letters, and how a setting is made of named values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.early_learning.setting import FLIPS, LOSSES, MixtureSetting
from theory.letters import Entry
from theory.parameters import Parameter, Parameters
from theory.quantity import Quantity

__all__ = ["LETTERS", "PARAMETERS", "QUANTITIES", "regime"]

_SETTING, _RUN, _DERIVED = "Setting", "Run", "Combinations"

LETTERS: tuple[Entry, ...] = (
    Entry("n", "n", "examples", "examples", _SETTING),
    Entry("p", "p", "dimensions", "dimensions", _SETTING),
    Entry("sigma", r"\sigma", "noise of a coordinate, the signal has length 1", "1", _SETTING),
    Entry("flip_rate", "w", "probability that a label is wrong", "probability", _SETTING),
    Entry("eta", r"\eta", "step of gradient descent on the mean loss", "1", _SETTING),
    Entry("lam", r"\lambda", "strength of the regulariser", "1", _SETTING),
    Entry("beta", r"\beta", "memory of the targets", "1", _SETTING),
    Entry("clamp", r"\epsilon", "probabilities are clamped to [eps, 1 - eps]", "probability", _SETTING),
    Entry("start", "r_0", "length of the initial vector, orthogonal to v", "1", _SETTING),
    Entry("target", "t", "true-class entry of a frozen target", "probability", _SETTING),
    Entry("m", "m", "1 - 2w", "1", _DERIVED),
    Entry("kappa", r"\kappa", "sigma^2 p/n: own pull of an example", "1", _DERIVED),
    Entry("gamma", r"\gamma", "p/n", "1", _DERIVED),
    Entry("gamma_c", r"\gamma_c", "separability threshold of p/n", "1", _DERIVED),
    Entry("tau_mem", r"\tau_{mem}", "memorisation time of plain cross entropy", "training time", _DERIVED),
    Entry("is_ce", "1_{CE}", "1 with cross entropy, else 0", "1", _DERIVED),
    Entry("is_elr", "1_{ELR}", "1 with ELR whose targets follow the model, else 0", "1", _DERIVED),
    Entry("is_kl", "1_{KL}", "1 with the KL regulariser, else 0", "1", _DERIVED),
    Entry("is_frozen", "1_{frozen}", "1 with ELR towards a frozen target, else 0", "1", _DERIVED),
    Entry("clock", r"\tau", "training time eta t", "training time", _RUN),
    Entry("f", "f", "margin of an example towards its true sign", "1", _RUN),
    Entry("a", "a", "theta . v", "1", _RUN),
    Entry("s", "s", "+1 for a right label, -1 for a wrong one", "sign", _RUN),
    Entry("coefficients", "c", "eta times the sum of forces", "1", _RUN),
    Entry("theta", r"\theta", "the classifier's vector; theta_t after t steps", "1", _RUN),
    Entry("v", "v", "direction of the signal, of length 1", "1", _SETTING),
    Entry("L", "L", "mean loss over the examples", "nat", _RUN),
    Entry(
        "T",
        "T",
        "first step with theta . v >= 1/10: end of the early stage",
        "gradient steps",
        _RUN,
    ),
    Entry("A_W", "A_W", "share of wrong labels classified as their true class", "share", _RUN),
    Entry("A_C", "A_C", "share of right labels classified as their class", "share", _RUN),
    Entry("g", "g_c", "derivative of log(1 - <p, t>) in the logit of class c", "1", _RUN),
    Entry("q", "q_y", "share of the observed class in the probability left to other classes", "share", _RUN),
    Entry("D", "D", "sigma sqrt(m^2 + kappa): spread of a margin after one step", "1", _DERIVED),
    Entry("Z", "Z", "a standard normal variable", "1", _DERIVED),
    Entry("h", "h", "1 + sigma N, N standard normal: an example along v, times its true sign", "1", _DERIVED),
    Entry(
        "C_w",
        "C(w)",
        "kappa tau_mem as kappa goes to 0",
        "1",
        _DERIVED,
    ),
    Entry(
        "lambda_mem",
        r"\lambda_{mem}",
        "(w + kappa)/(1 - w): below, labels are memorised",
        "1",
        _DERIVED,
    ),
    Entry(
        "lambda_sat",
        r"\lambda_{sat}",
        "2(w+kappa)/(1+kappa): above, corrected for ever",
        "1",
        _DERIVED,
    ),
)


def _setting(values: Mapping[str, Any]) -> MixtureSetting:
    given = {"eta": 0.1, **values}
    n = int(given.pop("n"))
    gamma, kappa = given.pop("gamma", None), given.pop("kappa", None)
    if gamma is not None:
        if not gamma * n < 1e15:
            raise ValueError(f"gamma n must be below 1e15, was {gamma * n!r}")
        given["p"] = max(2, round(gamma * n))
    p = int(given.pop("p"))
    if kappa is not None:
        given["sigma"] = (kappa * n / p) ** 0.5
    return MixtureSetting(n=n, p=p, **given)


def _usual(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, with 200 examples, p/n = 100, kappa = .1 and a fifth of the labels wrong where not."""
    out = {"n": 200, "flip_rate": 0.2, **values}
    if not {"p", "gamma"} & set(out):
        out["gamma"] = 100.0
    if not {"sigma", "kappa"} & set(out):
        out["kappa"] = 0.1
    return out


PARAMETERS = Parameters(
    parameters=(
        Parameter("n", "examples", whole=True),
        Parameter("p", "dimensions", whole=True),
        Parameter("gamma", "p/n"),
        Parameter("sigma", "noise of a coordinate"),
        Parameter("kappa", "sigma^2 p/n"),
        Parameter("flip_rate", "probability that a label is wrong"),
        Parameter("eta", "step", default=0.1),
        Parameter("loss", "ce, elr, kl or frozen", default="ce", words=LOSSES),
        Parameter("lam", "strength of the regulariser", default=0.0),
        Parameter("beta", "memory of the targets", default=0.0),
        Parameter("clamp", "clamp of probabilities, 0 for none", default=0.0),
        Parameter("start", "length of the initial vector", default=0.0),
        Parameter("target", "frozen target, 0 for none", default=0.0),
        Parameter("flips", "exact or random", default="exact", words=FLIPS),
    ),
    make=_setting,
    one_of=(("p", "gamma"), ("sigma", "kappa")),
    usual=_usual,
)


def _last(name: str) -> Any:
    def value(run: Any) -> float:
        return float(getattr(run, name)[-1])

    return value


def _memorisation(run: Any) -> float:
    return float(run.time_of(run.median_wrong, 0.0, "down"))


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("memorised", (), "share", "wrong labels memorised at the end", _last("memorised")),
    Quantity("accuracy_wrong", (), "share", "A_W at the end", _last("accuracy_wrong")),
    Quantity("accuracy_clean", (), "share", "A_C at the end", _last("accuracy_clean")),
    Quantity("test_accuracy", (), "probability", "exact test accuracy at the end", _last("test_accuracy")),
    Quantity("cosine", (), "1", "cosine of theta with v at the end", _last("cosine")),
    Quantity("mean_wrong", (), "1", "mean margin of wrong labels at the end", _last("mean_wrong")),
    Quantity(
        "memorisation_time",
        (),
        "training time",
        "when the median wrong margin falls below 0; inf if it does not",
        _memorisation,
    ),
)


def regime(setting: Any) -> tuple[str, ...]:
    """Sentences that say where a mixture setting lies."""
    if not isinstance(setting, MixtureSetting):
        return ()
    lines = [f"kappa/m = {setting.kappa / setting.m:.3g}: " + _early(setting)]
    lines.append(
        f"p/n = {setting.gamma:.3g} against gamma_c = {setting.gamma_c:.3g}: the noisy labels are "
        + ("separable" if setting.gamma > setting.gamma_c else "not separable")
        + " with high probability"
    )
    if setting.loss == "elr":
        lines.append(_strength(setting))
    return tuple(lines)


def _early(setting: MixtureSetting) -> str:
    if setting.kappa >= setting.m:
        return "no early learning on wrong labels"
    return f"early learning, wrong labels memorised by cross entropy at tau = {setting.tau_mem:.3g}"


def _strength(setting: MixtureSetting) -> str:
    from theory.early_learning.phase import lambda_mem, lambda_sat

    mem, sat = lambda_mem(setting.w, setting.kappa), lambda_sat(setting.w, setting.kappa)
    if setting.clamp:
        held = "held at the clamp's edge" if setting.lam > 2 else "memorised late"
        return f"lambda = {setting.lam:.3g}, clamped: wrong labels are {held}"
    side = "memorised" if setting.lam < mem else "held" if setting.lam < sat else "corrected without end"
    return f"lambda = {setting.lam:.3g} against {mem:.3g} and {sat:.3g}: wrong labels are {side}"
