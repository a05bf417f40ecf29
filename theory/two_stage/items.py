"""The paper's numbered items, as its report shows them: what is stated, and the claims that test it."""

from __future__ import annotations

from theory.item import Item
from theory.two_stage.threshold import threshold_numbers

__all__ = ["ITEMS"]


def _ids(*names: str) -> tuple[str, ...]:
    return tuple(f"two_stage.{name}" for name in names)


ITEMS: tuple[Item, ...] = (
    Item(
        "Signal-noise decomposition",
        _ids("decomposition", "recursion.gamma", "recursion.rho"),
        r"Weights split uniquely along the signal and the noise patches, with coefficients $\gamma_{j,r}$ "
        r"and $\rho_{j,r,i}$ that follow recursions of gradient descent.",
    ),
    Item(
        "Lemma 5.1 (margins)",
        _ids("lemma.margins_clean", "lemma.margins_noisy"),
        "The margin of a clean sample is its signal plus its noise coefficients, that of a noisy one noise "
        "minus signal, up to $o(1)$.",
    ),
    Item(
        "Lemma 5.2 (automatic balance)",
        _ids("lemma.balance_derivatives", "lemma.balance_noise", "lemma.balance_noise.across_classes"),
        r"Without label noise the ratios $\ell'_i/\ell'_k$ and the differences of "
        r"$\frac1m\sum_r\bar\rho$ across samples stay bounded for all $t$, by constants $C_1$ and $C_2$ that "
        "the paper leaves open.",
    ),
    Item(
        "Theorem 4.1 (Stage I)",
        _ids(
            "theorem_4_1.clean_fit", "theorem_4_1.noisy_misfit", "theorem_4_1.noisy_misfit.below_threshold",
            "theorem_4_1.noisy_misfit.weak_signal", "theorem_4_1.noisy_misfit.low_dimension",
            "theorem_4_1.noisy_misfit.large_init", "theorem_4_1.signal_above_noise", "theorem_4_1.rho_scale",
            "theorem_4_1.gamma_scale", "theorem_4_1.time_scale", "theorem_4_1.stage_order",
        ),
        r"There is $T_1 = \Theta(nm/(\eta\sigma_\xi^2 d))$ at which $\gamma$ and $\bar\rho$ are $\Theta(1)$, "
        r"$\gamma_{j,r} > \bar\rho_{\tilde y_i,r,i}$, every clean sample is classified as labelled, and "
        r"every noisy sample is classified as its true label. Here $a = n\,\mathrm{SNR}^2$ must reach $a^*$, "
        r"the root in $a$ of $p_{worst}\,\rho(s) = \gamma(s)$ at $s = c_T$, with "
        r"$\rho' = g(p_{worst}\,\rho - \gamma)$, $g(z) = 1/(1 + e^z)$, $\gamma$ the mean field's at label "
        r"counts as unlucky as with probability $\delta/2$, and $p_{worst}$ the largest active share of the "
        r"$n\tau$ flipped samples: 1 for $\kappa_0 < 10$, else $\frac12 + z/(2\sqrt m)$, "
        r"$\Phi(z)^{n\tau} = 1 - \delta/2$ (docs/derivations/scope.md). The claims on any "
        r"$n\,\mathrm{SNR}^2 = \Theta(1)$ and on $0.7\,a^*$ are judged on the same runs: one failure, told "
        "from both sides.",
        numbers=threshold_numbers,
    ),
    Item(
        "Theorem 4.2 (Stage II)",
        _ids(
            "theorem_4_2.training_loss", "theorem_4_2.time_scale", "theorem_4_2.noisy_memorised",
            "theorem_4_2.gamma_positive", "theorem_4_2.dtest_error",
            "theorem_4_2.dtest_error_nominal.equal_rates", "theorem_4_2.dtest_degrades",
        ),
        r"For every $\varepsilon$ there is $t$ with training loss at most $\varepsilon$; at least $\tau' n$ "
        r"noisy samples have noise exceeding signal, so they are fit; $\gamma$ stays positive; the "
        r"$\mathcal{D}_{test}$ error is at least $\frac12\min(\tau_+, \tau_-)$.",
    ),
    Item(
        "Proposition 4.3 (early stopping, selection)",
        _ids("proposition_4_3.iid_error", "proposition_4_3.dtest_error", "proposition_4_3.sample_selection"),
        r"Stopped at $T_1$, the test error is at most $\exp(-d/(nC'))$; clean losses are at most $\log 2$, "
        r"noisy ones at least, so that the threshold $\log 2$ separates them.",
    ),
    Item(
        "Theorem 4.4 (no label noise)",
        _ids("theorem_4_4.one_stage", "theorem_4_4.test_error", "theorem_4_4.no_degradation"),
        "Without label noise there is no two-stage pattern: all samples fit throughout (judged from a "
        "quarter of a time unit on, since margins start as random signs), and the test error "
        r"is at most $\exp(-n\|\mu\|^4/(C_D\sigma_\xi^4 d))$.",
    ),
    Item(
        "Sharp constants",
        _ids(
            "sharp.stage_one.threshold", "sharp.t_half_law", "sharp.loss_constant",
            "sharp.early_stopping_constant.runs", "sharp.no_noise_constant.runs", "sharp.iid_error",
            "sharp.plateau.memorised", "lemma.balance_noise.growth",
        ),
        r"Where the paper has $\Theta$, $O$ and $\Omega$: derived from the mean field of the same dynamics.",
        beyond=True,
    ),
)  # fmt: skip
