r"""Condition 4.1, its companions in the framework, and the scope of this project's own laws.

Every inequality reads `large >= small`; its constants are free symbols with values in
`DEFAULT_CONSTANTS` and reasons in `CONSTANT_REASONS`. The slack of `large >= C x` is the value of C up to
which a setting satisfies it, divided by the C in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import sympy as sp

from theory.condition import Condition, Constants
from theory.source import Provenance, Source
from theory.two_stage.sources import C_T1, framework, here, paper
from theory.two_stage.symbols import (
    C,
    a,
    c_T,
    d,
    delta,
    eta,
    iota,
    kappa_0,
    m,
    mu_norm,
    n,
    sigma_0,
    sigma_xi,
    tau_minus,
    tau_plus,
    time_unit,
)
from theory.two_stage.threshold import LARGE_INIT, FilterThreshold, SignalThreshold

__all__ = [
    "ALL",
    "COMPANIONS",
    "CONDITION_4_1",
    "CONSTANT_REASONS",
    "DEFAULT_CONSTANTS",
    "NO_LABEL_NOISE",
    "READING",
    "SCOPE",
]

c_a = sp.Symbol("c_a", positive=True)
C_a = sp.Symbol("C_a", positive=True)
c_tau = sp.Symbol("c_tau", positive=True)
c_kappa = sp.Symbol("c_kappa", positive=True)
c_k = sp.Symbol("c_k", positive=True)
c_iota = sp.Symbol("c_iota", positive=True)
c_h = sp.Symbol("c_h", positive=True)
c_b = sp.Symbol("c_b", positive=True)
c_s = sp.Symbol("c_s", positive=True)
c_ratio = sp.Symbol("c_ratio", positive=True)
c_z = sp.Symbol("c_z", positive=True)

#: Probability that a sample's label is flipped, classes being equally likely.
_mean_rate = (tau_plus + tau_minus) / 2
_largest_rate = sp.Max(tau_plus, tau_minus)
#: How readers see n SNR^2 and the threshold of Stage I; tau is the larger rate.
_SNR, _A_STAR = r"n\,\mathrm{SNR}^2", r"a^*(n, m, \tau, \kappa_0, h, c_T, \delta)"
#: Arguments of the thresholds of Stage I at T_1.
_AT_T1 = (1 / time_unit, c_T, delta)


def _paper(name: str, large: sp.Expr, small: sp.Expr, why: str, shown: str = "") -> Condition:
    return _condition(name, large, small, paper("Condition 4.1"), "paper", why, shown)


def _framework(name: str, large: sp.Expr, small: sp.Expr, why: str, shown: str = "") -> Condition:
    return _condition(name, large, small, framework("standing condition"), "framework", why, shown)


def _scope(name: str, large: sp.Expr, small: sp.Expr, section: str, why: str, shown: str = "") -> Condition:
    source = here(f"docs/derivations/scope.md, {section}")
    return _condition(name, large, small, source, "derived", why, shown)


def _condition(
    name: str,
    large: sp.Expr,
    small: sp.Expr,
    source: Source,
    provenance: Provenance,
    why: str,
    shown: str = "",
) -> Condition:
    return Condition(name, sp.sympify(large), sp.sympify(small), source, provenance, why, shown=shown)


#: Condition 4.1 of the paper; its Theta(1) are read as windows with named ends.
CONDITION_4_1: tuple[Condition, ...] = (
    _paper(
        "snr_lower",
        a,
        c_a,
        "n SNR^2 = Theta(1), lower end: signal must be learnt beside noise.",
        rf"{_SNR} \ge c_a",
    ),
    _paper(
        "snr_upper",
        C_a,
        a,
        "n SNR^2 = Theta(1), upper end: signal must not outrun noise for good.",
        rf"{_SNR} \le C_a",
    ),
    _paper(
        "flip_rates",
        sp.Min(tau_plus, tau_minus),
        c_tau,
        "tau_+, tau_- = Theta(1): each class keeps a constant share of flipped labels.",
    ),
    _paper(
        "dimension",
        d,
        C * n**2 * sp.log(6 * n**2 / delta),
        "Noise patches are nearly orthogonal to each other. The paper writes log(.); the argument "
        "6 n^2/delta is a choice: that of the cross-talk bound |<xi_i, xi_k>| (Lemma L2).",
    ),
    _paper(
        "dimension_signal",
        d,
        C * n * mu_norm / sigma_xi * sp.sqrt(sp.log(6 * n / delta)),
        "Noise patches are nearly orthogonal to the signal. The paper writes log(.); the argument "
        "6 n/delta is a choice: that of the cross-talk bound |<xi_i, mu>| (Lemma L2).",
    ),
)

#: The rest of the framework's conditions, in its standard form; the paper's constants may differ.
COMPANIONS: tuple[Condition, ...] = (
    _framework("samples", n, C * sp.log(m / delta), "Label counts concentrate."),
    _framework("width", m, C * sp.log(n / delta), "Every sample finds active filters at the start."),
    _framework(
        "signal",
        mu_norm**2,
        C * sigma_xi**2 * sp.log(n / delta),
        "Signal exceeds the noise along its own direction for every sample.",
    ),
    _framework(
        "init_noise",
        1 / (C * sigma_xi * d / sp.sqrt(n)),
        sigma_0,
        "Initial noise products are below the cross-talk of learnt noise; this is kappa_0 <= 1/C.",
        r"\sigma_0 \le \sqrt n/(C\,\sigma_\xi d)",
    ),
    _framework(
        "init_signal",
        1 / (C * mu_norm * sp.sqrt(sp.log(m / delta))),
        sigma_0,
        "Initial signal products are O(1) at most, so all outputs start near 0.",
        r"\sigma_0 \le 1/(C\,\|\mu\|\sqrt{\log(m/\delta)})",
    ),
    _framework(
        "step_noise",
        n**2 * m * sp.sqrt(sp.log(n / delta)) / (C * sigma_xi**2 * d ** sp.Rational(3, 2)),
        eta,
        "One step moves noise products by no more than the cross-talk bound.",
        r"\eta \le n^2 m\sqrt{\log(n/\delta)}/(C\,\sigma_\xi^2 d^{3/2})",
    ),
    _framework(
        "step_samples",
        n / (C * sigma_xi**2 * d),
        eta,
        "One step moves a noise coefficient by a constant at most; this is h <= 1/(C m).",
        r"\eta \le n/(C\,\sigma_\xi^2 d)",
    ),
)

#: What Theorem 4.4 asks beyond these, in place of `flip_rates`.
NO_LABEL_NOISE: tuple[Condition, ...] = (
    Condition(
        "no_label_noise",
        sp.Integer(1),
        1 + tau_plus + tau_minus,
        paper("Theorem 4.4"),
        "paper",
        "No label is flipped.",
        fixes=(("tau_plus", 0.0), ("tau_minus", 0.0)),
        shown=r"\tau_+ = \tau_- = 0",
    ),
)

#: Where this project's own laws are claimed.
SCOPE: tuple[Condition, ...] = (
    _scope(
        "signal_dominates",
        a,
        SignalThreshold(n, m, _largest_rate, kappa_0, *_AT_T1),
        "Signal against flipped labels",
        "At T_1 the signal outweighs the noise even of the sample with most active filters, and for "
        "labels as unlucky as they are with probability delta.",
        rf"{_SNR} \ge {_A_STAR}",
    ),
    _scope(
        "signal_dominates_filters",
        a,
        FilterThreshold(n, _largest_rate, *_AT_T1),
        "Signal against flipped labels",
        "At T_1 the signal coefficient of every filter exceeds even the fastest growing noise coefficient.",
        rf"{_SNR} \ge a^*_r(n, \tau, h, c_T, \delta)",
    ),
    _scope(
        "signal_ample",
        a,
        2 * SignalThreshold(n, m, _largest_rate, kappa_0, *_AT_T1),
        "Signal against flipped labels",
        "Twice the threshold: room for departures from the model.",
        rf"{_SNR} \ge 2\,{_A_STAR}",
    ),
    _scope(
        "signal_short",
        sp.Min(
            c_s * SignalThreshold(n, m, _largest_rate, kappa_0, *_AT_T1), 10**6
        ),  # infinite: none suffices
        a,
        "Signal against flipped labels",
        "The signal is so far below the threshold that Stage I fails more often than the theorem allows. "
        "Where no signal is sure to suffice a* is infinite, and every signal is below.",
        rf"{_SNR} \le c_s\,{_A_STAR}",
    ),
    _scope(
        "clean_majority",
        -n * sp.log(sp.Rational(1, 2) + sp.sqrt(_largest_rate * (1 - _largest_rate))),
        sp.log(2 / delta),
        "Clean majority",
        "With probability 1 - delta most labels of each class are clean in the data too; tau is the larger "
        "rate.",
        r"-n\log(\frac12 + \sqrt{\tau(1-\tau)}) \ge \log(2/\delta)",
    ),
    _scope(
        "kappa_large",
        kappa_0,
        c_kappa,
        "Initialisation against cross-talk",
        "Initial signs decide which filters are active on a patch: p = 1/2.",
        r"\kappa_0 \ge c_\kappa",
    ),
    _scope(
        "kappa_small",
        c_k,
        kappa_0,
        "Initialisation against cross-talk",
        "Up to about .3 cross-talk decides which filters are active on a patch: the regime of Condition 4.1.",
        r"\kappa_0 \le c_k",
    ),
    _scope(
        "iota_small",
        c_iota,
        iota,
        "Head start",
        "The margins' head start from the initial weights is negligible.",
        r"\iota \le c_\iota",
    ),
    _scope(
        "clock_step",
        c_h,
        1 / time_unit,
        "Step size",
        "Gradient descent follows its flow, and times are resolved to h.",
        r"h \le c_h",
    ),
    _scope(
        "step_keeps_order",
        2 * time_unit,
        a,
        "Step size",
        "No step overshoots: the map is monotone where h a_y/8 <= 1, and all filters give a_y <= 4 a.",
        rf"h \cdot {_SNR} \le 2",
    ),
    _scope(
        "slopes_at_half",
        c_b * time_unit,
        a / 4,
        "Step size",
        "After one step the slopes g(M) have left 1/2 by at most c_b.",
        rf"h \cdot {_SNR}/4 \le c_b",
    ),
    _scope(
        "width_activation",
        m,
        50 * sp.log(n / delta),
        "Activation counts",
        "At least 0.4 m label-side filters are active on every patch at the start (Lemma L4).",
    ),
    _scope(
        "dimension_ratio",
        d / n,
        c_ratio,
        "Activation persistence",
        "An active label-side filter stays active (Lemma L5).",
    ),
    _scope(
        "rates_apart",
        sp.Abs(tau_plus - tau_minus) / 2,
        c_z * sp.sqrt(_mean_rate * (1 - _mean_rate) / n),
        "Realised flip rates",
        "The realised overall flip rate exceeds the smaller nominal rate, so that D_test's plateau does.",
    ),
)

#: Every condition by name.
ALL: Mapping[str, Condition] = MappingProxyType(
    {condition.name: condition for condition in (*CONDITION_4_1, *COMPANIONS, *NO_LABEL_NOISE, *SCOPE)}
)

#: The values in use unless a claim says otherwise.
DEFAULT_CONSTANTS = Constants(
    {
        "C": 1.0,
        "delta": 0.05,
        "c_a": 0.25,
        "C_a": 30.0,
        "c_tau": 0.05,
        "c_T": C_T1,
        "c_s": 0.7,
        "c_kappa": LARGE_INIT,
        "c_k": 0.3,
        "c_iota": 0.1,
        "c_h": 0.1,
        "c_b": 0.05,
        "c_ratio": 20.0,
        "c_z": 2.0,
    }
)

#: Why each constant has its value, one line each.
CONSTANT_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "C": "free in the paper ('large enough'); 1 takes the most settings in, and a slack is then the "
        "largest C that its setting supports",
        "delta": "free; failure probability at which events are judged",
        "c_a": "free; Theta(1) for n SNR^2 read as the window [c_a, C_a]. Lower end: an eighth of 2, the "
        "least threshold of Stage I inside Condition 4.1, so that both sides of it are judged",
        "C_a": "free; upper end of the window: fifteen times that threshold, and the end of the reference "
        "box without flips",
        "c_tau": "free; Theta(1) for the flip rates: one label in twenty",
        "c_T": "free; T_1 in time units, at which Theorem 4.1 is read: half a unit, when the signal has "
        "outgrown the noise of every filter and no noisy sample has turned",
        "c_s": "chosen after a first block of runs: there a seventh of the runs violate, at the "
        "threshold 1 in 100",
        "c_kappa": "chosen: there p exceeds 1/2 by at most X/(20 pi), about .016 at X = 1",
        "c_k": "chosen: Condition 4.1's bound on sigma_0 with a constant above 3",
        "c_iota": "chosen: the head start iota/sqrt(2 pi) is then at most .04 in a margin",
        "c_h": "chosen: the map is monotone for h <= 8/a_y, and times are read to a tenth of the clock",
        "c_b": "the margin of the law of the neutral strength",
        "c_ratio": "derived scale 2 (1/4 + G) log(n m/2): about 19 at a = 6, tau = .1, n m = 5000",
        "c_z": "chosen: two standard deviations; a normal variable falls below them with probability .023",
    }
)

#: How the report says that the paper's open constants were read, and what larger ones change.
READING = (
    "The paper asks for constants that are large enough and names none. Here C = 1, which takes the most "
    "settings in: a larger C only leaves some out, so that a statement that needs it could fail here. The "
    "readings that fail inside Condition 4.1 were therefore judged again with C = 2 and C = 4 "
    "(benchmarks/larger_constants.py): 3 of 4 are refuted with both; nominal flip rates are with C = 4 (11 "
    "of 100 runs fail) and stay open with C = 2 (7 of 100). None is supported."
)
