"""Declared falsehoods of the paper's claims: mistakes inside a formula, a measurement or a proof.

Those that follow from a claim's rule (negated events, wrong exponents, constants halved) are made by
`verify.soundness`. Here stand the others, each with the reason why it is false when the true claim holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from theory.claim import Claim
from theory.falsehood import Falsehood, FalsehoodKind, altered
from theory.ledger import Ledger
from theory.rules import EventMap
from theory.run import NotApplicable
from theory.two_stage import recursions
from theory.two_stage.experiments import EQUAL_RATES, PAPER, WEAK_SIGNAL
from theory.two_stage.lemmas_training import margin_error_bound
from theory.two_stage.limits import dynamics as limit_dynamics
from theory.two_stage.limits import errors as limit_errors
from theory.two_stage.limits import late as limit_late
from theory.two_stage.limits import transition as limit_transition
from theory.two_stage.limits.dynamics import a
from theory.two_stage.limits.stage_one import first_push
from theory.two_stage.mean_field.iid import iid_difference
from theory.two_stage.mean_field.iid_law import SideSums, filter_covariance, side_sums
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1
from theory.two_stage.symbols import m, mu_norm, n, p, tau
from theory.two_stage.terms import j, l_prime, noise_active, signal_active, xi_norm, y, y_observed

__all__ = ["falsehoods"]

Measure = Callable[[Run], Any]


def _changed(
    true: Claim, name: str, kind: FalsehoodKind, why: str, measure: Measure | None = None, **more: Any
) -> Falsehood:
    """The claim with another measurement (its proof left out, unless given) or other fields."""
    fields: dict[str, Any] = {"measure": measure or true.measure, "proof": None, **more}
    return Falsehood(true.id, name, kind, replace(true, **fields), why)


def _seen(
    true: Claim, name: str, kind: FalsehoodKind, why: str, **changes: Callable[[Run], Any]
) -> Falsehood:
    """The claim measured on a run of which some quantities are taken wrongly."""

    def measure(run: Run) -> Any:
        return true.measure(altered(run, **{key: change(run) for key, change in changes.items()}))

    return _changed(true, name, kind, why, measure)


def _set(change: Callable[[Setting], Setting]) -> Callable[[Run], Setting]:
    return lambda run: change(run.setting)


def _given(function: Callable[..., Any] | None, **values: Any) -> Callable[..., Any]:
    """A claim's measurement or proof with another formula than its own."""
    assert function is not None
    return partial(function, **values)


_UNIQUE = "the increments of the same run cannot follow two different formulas"


# The recursions ---------------------------------------------------------------------------------------

_GAMMA: dict[str, tuple[FalsehoodKind, sp.Expr]] = {
    "noisy samples push gamma up": ("sign", recursions.gamma_term * y * y_observed),
    "sign of the gradient": ("sign", -recursions.gamma_term),
    "|mu| for |mu|^2": ("factor", recursions.gamma_term / mu_norm),
    "|mu|^2.1": ("exponent 0.1", recursions.gamma_term * mu_norm ** sp.Rational(1, 10)),
    "|mu|^2.5": ("exponent 0.5", recursions.gamma_term * sp.sqrt(mu_norm)),
    "without 1/m": ("factor", recursions.gamma_term * m),
    "without 1/n": ("factor", recursions.gamma_term * n),
    "m and n^2 swapped": ("symbols", recursions.gamma_term * m / n),
    "l'^2 for l'": ("formula", recursions.gamma_term * l_prime),
    "every filter active": ("formula", recursions.gamma_term / signal_active),
    "j for y": ("symbols", recursions.gamma_term / y * j),
    "x 2": ("constant", 2 * recursions.gamma_term),
    "x 1/2": ("constant", recursions.gamma_term / 2),
}
_RHO: dict[str, tuple[FalsehoodKind, sp.Expr]] = {
    "sign of the gradient": ("sign", -recursions.rho_term),
    "without j": ("sign", recursions.rho_term * j),
    "|xi| for |xi|^2": ("factor", recursions.rho_term / xi_norm),
    "|xi|^2.1": ("exponent 0.1", recursions.rho_term * xi_norm ** sp.Rational(1, 10)),
    "|xi|^2.5": ("exponent 0.5", recursions.rho_term * sp.sqrt(xi_norm)),
    "without 1/m": ("factor", recursions.rho_term * m),
    "without 1/n": ("factor", recursions.rho_term * n),
    "l'^2 for l'": ("formula", recursions.rho_term * l_prime),
    "every filter active": ("formula", recursions.rho_term / noise_active),
    "x 2": ("constant", 2 * recursions.rho_term),
    "x 1/2": ("constant", recursions.rho_term / 2),
}


def _recursions(known: Ledger) -> Iterator[Falsehood]:
    for name, terms, proof in (
        ("gamma", _GAMMA, recursions.prove_gamma_recursion),
        ("rho", _RHO, recursions.prove_rho_recursion),
    ):
        true = known[f"two_stage.recursion.{name}"]
        for what, (kind, term) in terms.items():
            wrong = sp.simplify(term)
            yield _changed(true, f"{what} (runs)", kind, _UNIQUE, _given(true.measure, term=wrong))
            if kind in ("sign", "factor", "constant"):
                yield _changed(true, f"{what} (proof)", kind, _UNIQUE, proof=partial(proof, stated=wrong))


# Identities of a run ------------------------------------------------------------------------------------


def _off_noise_span(run: Run) -> float:
    """The part of the change of the weights off the span of the noise patches, against the whole change.

    A filter's part along mu, `j gamma/|mu|^2`, times the distance of mu from that span, `(K^-1)_00^(-1/2)`.
    """
    distance = float(np.linalg.inv(run.gram)[0, 0]) ** -0.5
    off = float(np.abs(run.gamma[-1]).max()) / float(run.gram[0, 0]) * distance
    rho = np.abs(run.rho[-1]) / np.sqrt(np.diag(run.gram)[1:])
    return float(off / (off + float(rho.sum(axis=-1).max())))


def _identities(known: Ledger) -> Iterator[Falsehood]:
    def of(name: str) -> Claim:
        return known[f"two_stage.{name}"]

    diagonal = lambda run: np.diag(np.diag(run.gram))  # noqa: E731
    unflipped = lambda run: run.y  # noqa: E731
    opposite = lambda run: -run.y_observed  # noqa: E731
    root = lambda run: np.sqrt(np.abs(run.gram))  # noqa: E731
    yield _changed(
        of("decomposition"),
        "noise patches alone span the change",
        "formula",
        "gamma moves at the first step unless the labels cancel, and mu is not in the span of the noise",
        _off_noise_span,
    )
    yield _seen(
        of("rho_signs"),
        "sides swapped",
        "sign",
        "rho moves up on the label's side from the first step",
        y_observed=opposite,
    )
    closure = of("closure")
    yield _seen(
        closure, "K without cross-talk", "formula", "cross-talk is not rounding at d/n <= 40", gram=diagonal
    )
    yield _seen(
        closure,
        "without A(0)",
        "formula",
        "initial products are not rounding",
        initial_products=lambda r: 0 * r.initial_products,
    )
    yield _seen(closure, "y for y~", "symbols", "flipped labels push the other way", y_observed=unflipped)
    yield _seen(closure, "y~ of the other sign", "sign", "every push is reversed", y_observed=opposite)
    yield _seen(closure, "|patch| for |patch|^2", "factor", "norms are not 1", gram=root)
    gamma = of("conservation.gamma")
    yield _seen(gamma, "without y~", "symbols", "flipped labels push the other way", y_observed=unflipped)
    yield _seen(gamma, "y~ of the other sign", "sign", "every push is reversed", y_observed=opposite)
    yield _seen(gamma, "|mu| for |mu|^2", "factor", "|mu| is not 1", gram=root)
    yield _seen(of("conservation.rho"), "|xi| for |xi|^2", "factor", "|xi| is not 1", gram=root)
    yield _seen(
        of("conservation.rho"), "other side", "sign", "rho falls on the other side", y_observed=opposite
    )
    combined = of("conservation.combined")
    yield _seen(
        combined,
        "y of the other sign",
        "sign",
        "a filter aligned with one class then reads the other one, with every push reversed",
        y=lambda run: -run.y,
    )
    yield _seen(combined, "|mu| for |mu|^2", "factor", "norms are not 1", gram=root)
    flow = of("sharp.flow")
    for scale, kind in ((2.0, "constant"), (0.5, "constant"), (-1.0, "sign")):
        wrong = _given(flow.measure, signal_scale=scale)
        yield _changed(flow, f"signal rate x {scale:g}", kind, _UNIQUE, wrong)  # type: ignore[arg-type]
    for what, kind, term in (("x 2", "constant", 2), ("of the other sign", "sign", -1)):
        proof = partial(limit_dynamics.prove_flow, term * recursions.gamma_term)
        yield _changed(flow, f"signal rate {what} (proof)", kind, _UNIQUE, proof=proof)  # type: ignore[arg-type]


# Closed forms ---------------------------------------------------------------------------------------------

_DIFFERENT = "the two closed forms differ at generic parameters, and both cannot equal one number"


def _mutations(formula: sp.Expr) -> Iterator[tuple[str, FalsehoodKind, sp.Expr]]:
    yield "x 2", "constant", 2 * formula
    yield "x 1/2", "constant", formula / 2
    yield "of the other sign", "sign", -formula
    if tau in formula.free_symbols:
        yield "tau and 1 - tau swapped", "symbols", formula.subs(tau, 1 - tau)
    if p in formula.free_symbols:
        yield "p^+0.5", "exponent 0.5", formula * sp.sqrt(p)
        yield "p^+0.1", "exponent 0.1", formula * p ** sp.Rational(1, 10)
    if a in formula.free_symbols:
        yield "a and 1/a swapped", "symbols", formula.subs(a, 1 / a)
        yield "a^+0.5", "exponent 0.5", formula * sp.sqrt(a)


def _closed_forms(known: Ledger) -> Iterator[Falsehood]:
    def of(name: str) -> Claim:
        return known[f"two_stage.sharp.{name}"]

    plain: tuple[tuple[str, sp.Expr], ...] = (
        ("strong_signal", limit_transition.strong_signal_limit()),
        ("no_noise_constant", limit_errors.no_noise_constant()),
        ("early_stopping_constant", limit_errors.early_stopping_constant()),
        ("comparison_curve", limit_transition.comparison_inverse()),
    )
    for name, formula in plain:
        true = of(name)
        for what, kind, wrong in _mutations(formula):
            # Symmetric in tau: the swap is the same formula.
            if sp.simplify(wrong - formula) == 0:
                continue
            # The closed form of s_inf has no real value at 1 - tau.
            if name == "strong_signal" and kind == "symbols":
                continue
            yield _changed(true, f"{what} (runs)", kind, _DIFFERENT, _given(true.measure, stated=wrong))
            if kind in ("sign", "constant"):
                yield _changed(
                    true, f"{what} (proof)", kind, _DIFFERENT, proof=_given(true.proof, stated=wrong)
                )
    late = of("late_coefficients")
    clean, noisy = limit_late.late_coefficients()
    yield _changed(
        late,
        "clean and noisy swapped (runs)",
        "symbols",
        _DIFFERENT,
        _given(late.measure, stated=(noisy, clean)),
    )
    yield _changed(
        late,
        "clean and noisy swapped (proof)",
        "symbols",
        _DIFFERENT,
        proof=partial(limit_late.prove_late_margins, clean=noisy, noisy=clean),
    )
    for what, kind, wrong in _mutations(clean):
        yield _changed(late, f"clean {what}", kind, _DIFFERENT, _given(late.measure, stated=(wrong, noisy)))
    share = of("activation_share")
    laws: tuple[tuple[str, FalsehoodKind, Callable[[sp.Symbol, sp.Symbol], sp.Expr]], ...] = (
        ("kappa_0 and X swapped", "symbols", lambda X, k: limit_errors.activation_share(k, X)),
        ("arctan of the other sign", "sign", lambda X, k: 1 - limit_errors.activation_share(X, k)),
        ("arctan x 2", "constant", lambda X, k: 2 * limit_errors.activation_share(X, k) - sp.Rational(1, 2)),
        ("(X/kappa_0)^0.5", "exponent 0.5", lambda X, k: limit_errors.activation_share(sp.sqrt(X * k), k)),
        (
            "(X/kappa_0)^1.1",
            "exponent 0.1",
            lambda X, k: limit_errors.activation_share(X * (X / k) ** sp.Rational(1, 10), k),
        ),
    )
    X, k = sp.symbols(r"X \kappa_0", positive=True)
    for what, kind, law in laws:
        yield _changed(share, f"{what} (runs)", kind, _DIFFERENT, _given(share.measure, stated=law))
        if kind in ("sign", "constant"):
            proof = partial(limit_errors.prove_activation_law, stated=law(X, k))
            yield _changed(share, f"{what} (proof)", kind, _DIFFERENT, proof=proof)
    harmonic = of("late_share")
    for what, kind, wrong in _mutations(limit_late.harmonic_signal_share()):
        if kind in ("sign", "constant", "symbols"):
            proof = partial(limit_late.prove_harmonic, stated=wrong)
            yield _changed(harmonic, f"c_y {what} (proof)", kind, _DIFFERENT, proof=proof)
    for name, stated in (
        ("stage_one.exists", {"stated": p / (1 - 2 * tau)}),
        ("stage_one.absent", {"stated": 4 * p / (1 - 2 * tau)}),
        ("plateau.half", {"threshold": p / (1 - 4 * tau)}),
        ("loss_constant", {"stated": (p + a * tau * (1 - tau)) / (p * (p + a / 2))}),
    ):
        true = of(name)
        yield _changed(
            true, "constant off by 2 (proof)", "constant", _DIFFERENT, proof=_given(true.proof, **stated)
        )


# Events of the data and the initial weights
# -------------------------------------------------------------------


def _initial(known: Ledger) -> Iterator[Falsehood]:
    def of(name: str) -> Claim:
        return known[f"two_stage.lemma.{name}"]

    yield _seen(
        of("label_counts"),
        "clean and noisy swapped",
        "symbols",
        "a share 1 - tau >= .85 is flipped then; the bound leaves room for .2 beside tau at n >= 40",
        y_observed=lambda run: np.where(run.noisy, run.y, -run.y),
    )
    norms = "|xi|^2/(sigma_xi^2 d) concentrates at 1 (d > 500); {} puts it outside [1/2, 3/2]"
    for c in (0.5, 2.0):
        yield _seen(
            of("noise_norms"),
            f"sigma_xi x {c:g}",
            "constant",
            norms.format("a factor 4"),
            setting=_set(lambda s, c=c: s.with_(sigma_xi=c * s.sigma_xi)),  # type: ignore[misc]
        )
    yield _seen(
        of("noise_norms"),
        "d dropped",
        "factor",
        norms.format("a factor d"),
        setting=_set(lambda s: s.with_(d=1)),
    )
    yield _seen(
        of("noise_norms"),
        "sigma_xi^2.5",
        "exponent 0.5",
        norms.format(
            "a factor sqrt(sigma_xi) at sigma_xi from .1 to 10, for more than a third of the settings,"
        ),
        setting=_set(lambda s: s.with_(sigma_xi=s.sigma_xi**1.25)),
    )
    largest = "the largest of {} normal variables exceeds the bound at more than 5 % of the settings"
    yield _seen(
        of("noise_crosstalk"),
        "sqrt(d) dropped",
        "factor",
        largest.format("n^2/2"),
        setting=_set(lambda s: s.with_(d=1)),
    )
    yield _seen(
        of("noise_crosstalk"),
        "d^0.4 for sqrt(d)",
        "exponent 0.1",
        largest.format("n^2/2") + ": d >= 20,000 makes the bound 2.2 to 2.7 standard deviations",
        setting=_set(lambda s: s.with_(d=round(s.d**0.8))),
    )
    for name, many in (("signal_crosstalk", "n"), ("initial_signal", "2m"), ("initial_noise", "2mn")):
        # Half of the bound is about 2, 2 and 3.5 standard deviations.
        yield _seen(
            of(name),
            "bound x 0.5",
            "constant",
            largest.format(many),
            setting=_set(_half_bound(name)),
        )
        yield _seen(
            of(name),
            "sigma^+0.5",
            "exponent 0.5",
            largest.format(many) + ": the bound's unit is wrong by up to 3 either way",
            setting=_set(_rooted(name)),
        )
    yield _changed(
        of("activation_counts"),
        "share x 2",
        "constant",
        "a filter is active on a patch with probability 1/2 at initialisation, not 0.8",
        _share_doubled,
    )
    yield _changed(
        of("activation_persistence"),
        "inactive filters stay inactive",
        "sign",
        "at kappa_0 < 0.3 more than a third of them are switched on by cross-talk (the law of the active "
        "share)",
        _inactive_persist,
    )
    yield _seen(
        of("activation_persistence"),
        "other side",
        "symbols",
        "the other side's coefficient falls, so its active filters are switched off",
        y_observed=lambda run: -run.y_observed,
    )
    yield _seen(
        of("coefficient_scale"),
        "sides swapped",
        "sign",
        "rho is positive on the label's side",
        y_observed=lambda run: -run.y_observed,
    )
    for name in ("margins_clean", "margins_noisy"):
        yield _changed(
            of(name),
            "signal of the other sign",
            "sign",
            "both forms would need 2 gamma to be smaller than the two errors together",
            partial(_main_term_with_sign, noisy=name.endswith("noisy")),
        )


def _half_bound(name: str) -> Callable[[Setting], Setting]:
    if name == "signal_crosstalk":
        return lambda s: s.with_(signal_norm=s.signal_norm / 2)
    return lambda s: s.with_(sigma_0=s.sigma_0 / 2)


def _rooted(name: str) -> Callable[[Setting], Setting]:
    if name == "signal_crosstalk":
        return lambda s: s.with_(sigma_xi=s.sigma_xi**1.5)
    return lambda s: s.with_(sigma_0=s.sigma_0**1.5)


def _share_doubled(run: Run) -> bool:
    share = (run.label_side(run.initial_products[..., 1:]) > 0).mean(axis=-2)
    return bool(np.all(share >= 0.8))


def _inactive_persist(run: Run) -> bool:
    active = run.label_side(run.products[..., 1:]) > 0
    return not bool(np.any(active[:, ~active[0]]))


def _main_term_with_sign(run: Run, noisy: bool) -> bool | NotApplicable:
    """Lemma 5.1 with gamma subtracted for clean samples and added for noisy ones."""
    which = run.noisy if noisy else run.clean
    if not which.any():
        return NotApplicable("no such sample in the data")
    for k, step in enumerate(run.snapshot_steps):
        if k == 0:
            continue
        row = int(np.searchsorted(run.steps, step))
        gamma = run.gamma[row].mean(axis=1)
        signal = np.where(run.y > 0, gamma[0], gamma[1])
        main = run.noise_mass[k] + np.where(run.clean, -signal, signal)
        if np.any(np.abs(run.margins[row] - main)[which] > margin_error_bound(run, k)[which]):
            return False
    return True


# Events of training -----------------------------------------------------------------------------------------


def _noisy_fit_at_t1(run: Run) -> bool | NotApplicable:
    if not run.noisy.any():
        return NotApplicable("no label was flipped")
    return bool(np.all(run.margins[run.at(C_T1), run.noisy] > 0))


def _clean_misfit_at_t1(run: Run) -> bool:
    return bool(np.all(run.margins[run.at(C_T1), run.clean] < 0))


def _noisy_stay_fit(run: Run) -> bool | NotApplicable:
    if not run.noisy.any():
        return NotApplicable("no label was flipped")
    return bool(np.all(run.margins[run.at(C_T1) :, run.noisy] > 0))


def _clean_memorised(run: Run) -> bool:
    gamma = run.gamma[-1].mean(axis=1)
    against = np.where(run.y > 0, gamma[0], gamma[1])
    return float((run.noise_mass[-1] > against)[run.clean].mean()) >= 0.5


def _memorised_at_t1(run: Run) -> bool | NotApplicable:
    if not run.noisy.any():
        return NotApplicable("no label was flipped")
    return float((run.margins[run.at(C_T1)] > 0)[run.noisy].mean()) >= 0.5


def _spurious_error_at(
    run: Run, clock: float | None, share: float, nominal: bool = False
) -> bool | NotApplicable:
    """Whether the D_test error reaches `share` times the smaller flip rate, at a clock (the end for None)."""
    classes = [run.y == label for label in (1.0, -1.0)]
    if not all(c.any() for c in classes):
        return NotApplicable("one class is empty")
    rate = run.setting.tau_min if nominal else min(float(run.noisy[c].mean()) for c in classes)
    error = run.test_error("spurious", float(run.clock[-1]) if clock is None else clock)
    return bool(error.high >= share * rate)


def _degrades_backwards(run: Run) -> bool | NotApplicable:
    if not run.noisy.any():
        return NotApplicable("no label was flipped")
    return run.test_error("spurious", C_T1).low > run.test_error("spurious", float(run.clock[-1])).high


def _own_parts_twice(run: Run, clock: float) -> SideSums:
    """The side sums with the mean of the whole block for their variance, its diagonal included."""
    blocks, right = filter_covariance(run, clock), side_sums(run, clock)
    whole = [float(blocks[j, :, j].mean()) for j in (0, 1)]
    own = [math.sqrt(max(float(np.trace(blocks[j, :, j])) / right.m - whole[j], 0.0)) for j in (0, 1)]
    return replace(right, covariance=(whole[0], whole[1], right.covariance[2]), own=(own[0], own[1]))


def _spurious_small(run: Run) -> bool:
    limit = math.log(0.5 * run.setting.tau_min)
    return math.log(max(run.test_error("spurious", float(run.clock[-1])).high, 1e-300)) < limit


def _noisy_loss_below(run: Run) -> bool | NotApplicable:
    if not run.noisy.any():
        return NotApplicable("no label was flipped")
    losses = np.logaddexp(0.0, -run.margins[run.at(C_T1)])
    return float(losses[run.noisy].max()) <= math.log(2) <= float(losses[run.clean].min())


def _dtest_constant_at_end(run: Run) -> float | NotApplicable:
    error = run.test_error("spurious", float(run.clock[-1]))
    return (run.setting.d / run.setting.n) / -math.log(min(max(error.high, 1e-300), 1 - 1e-12))


def _training(known: Ledger) -> Iterator[Falsehood]:
    def of(name: str) -> Claim:
        return known[f"two_stage.{name}"]

    misfit = "at T_1 the noisy samples are misfit (Theorem 4.1)"
    weak = (
        "below a(1 - 2 tau) = 2p, p >= 1/2, there is no Stage I (two_stage.sharp.stage_one): half of the box "
        "0.5 <= a(1 - 2 tau) <= 2"
    )
    clean = of("theorem_4_1.clean_fit")
    yield _changed(clean, "noisy for clean", "symbols", misfit, _noisy_fit_at_t1)
    noisy = of("theorem_4_1.noisy_misfit")
    yield _changed(
        noisy, "clean for noisy", "symbols", "at T_1 the clean samples are fit", _clean_misfit_at_t1
    )
    selection = of("proposition_4_3.sample_selection")
    yield _changed(
        selection,
        "clean and noisy swapped",
        "order",
        "their losses are ordered the other way",
        _noisy_loss_below,
    )
    for true in (noisy, selection, of("theorem_4_1.signal_above_noise"), of("theorem_4_1.stage_order")):
        kept = tuple(c for c in true.conditions if c.name != "signal_dominates")
        yield _changed(
            true, "without signal_dominates", "condition", weak, experiment=WEAK_SIGNAL, conditions=kept
        )
    grid = of("theorem_4_1.event_map")
    assert isinstance(grid.rule, EventMap)
    yield _changed(
        grid,
        "from a(1 - 2 tau) = 0.8 on",
        "condition",
        "two of nine rows of the grid lie below 2p = 1.75, where there is no Stage I at small kappa_0",
        rule=replace(grid.rule, threshold=0.8),
    )
    nominal = of("theorem_4_2.dtest_error_nominal")
    yield _changed(
        nominal,
        "without rates_apart",
        "condition",
        "the plateau is half the realised overall rate, below its mean in half of all data sets",
        experiment=EQUAL_RATES,
        conditions=tuple(c for c in nominal.conditions if c.name != "rates_apart"),
    )
    one_stage = of("theorem_4_4.one_stage")
    yield _changed(
        one_stage, "with label noise", "condition", misfit, experiment=PAPER, conditions=noisy.conditions
    )
    stay = of("theorem_4_2.clean_fit")
    yield _changed(stay, "noisy for clean", "symbols", misfit, _noisy_stay_fit)
    memorised = of("theorem_4_2.noisy_memorised")
    yield _changed(memorised, "at T_1", "order", misfit, _memorised_at_t1)
    yield _changed(
        memorised,
        "clean for noisy",
        "symbols",
        "where c_+ + c_- > 1 (a(1 - 4 tau) > 2p, most of the box) clean samples keep more signal than noise",
        _clean_memorised,
    )
    floor = of("theorem_4_2.dtest_error")
    plateau = "half the realised overall rate is below the smaller rate unless one is 3 times the other"
    yield _changed(
        floor, "bound x 2", "constant", plateau, partial(_spurious_error_at, clock=None, share=1.0)
    )
    early = "at T_1 the D_test error is exponentially small (Proposition 4.3)"
    yield _changed(floor, "at T_1", "order", early, partial(_spurious_error_at, clock=C_T1, share=0.5))
    yield _changed(
        of("theorem_4_2.dtest_degrades"),
        "the other order",
        "order",
        "the two errors are ordered as stated",
        _degrades_backwards,
    )
    yield _changed(
        of("theorem_4_2.iid_error_small"),
        "D_test for iid",
        "symbols",
        "the D_test error exceeds that bound (Theorem 4.2)",
        _spurious_small,
    )
    yield _changed(
        of("sharp.iid_error"),
        "own parts counted twice",
        "symbols",
        "the mean of a whole block holds q^2/m of the filters' own parts, which the law adds again: at "
        "kappa_0 > 1 that is more than the side sum itself",
        partial(iid_difference, sums=_own_parts_twice),
    )
    yield _changed(
        of("proposition_4_3.dtest_error"),
        "at the end for T_1",
        "order",
        "after Stage II the error is about tau/2: C' = (d/n)/3 or more, above 50 at d/n > 400",
        _dtest_constant_at_end,
    )
    starts = of("sharp.stage_one.exists"), of("sharp.stage_one.absent")
    for true, exists, threshold in zip(starts, (True, False), (1.0, 4.0), strict=True):
        yield _changed(
            true,
            f"threshold {threshold:g} p",
            "constant",
            "between p and 4 p both sides of the true threshold 2 p occur, and one of them contradicts",
            partial(first_push, exists=exists, threshold=threshold),
        )


def falsehoods(known: Ledger) -> tuple[Falsehood, ...]:
    """All of them, beside the claims of a ledger that has the paper's."""
    made = (_recursions, _identities, _closed_forms, _initial, _training)
    return tuple(falsehood for make in made for falsehood in make(known))
