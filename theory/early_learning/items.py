"""The paper's numbered items, as its report shows them: what is stated, and the claims that test it."""

from __future__ import annotations

from theory.early_learning.mean_field import memorisation_time
from theory.early_learning.times import memorisation_constant
from theory.item import Item, NumberTable

__all__ = ["ITEMS"]


def _ids(*names: str) -> tuple[str, ...]:
    return tuple(f"early_learning.{name}" for name in names)


#: Shares of wrong labels, and values of kappa, at which times are tabled.
_SHARES, _KAPPAS = (0.1, 0.2, 0.3, 0.4), (0.01, 0.1, 0.3)


def _times() -> NumberTable:
    """Up to when early learning lasts, for a reader who asks how long that is."""
    caption = (
        "Up to which training time (eta times steps) cross entropy from zero has most wrong labels on their "
        "true class, by the share w of wrong labels and kappa = sigma^2 p/n: the two-class equations; C(w) "
        "is kappa times that time for small kappa; none: kappa is at 1 - 2w or above"
    )
    head = ("w", "kappa below", *(f"kappa = {kappa:g}" for kappa in _KAPPAS), "C(w)")
    rows = tuple(
        (
            f"{w:g}",
            f"{1 - 2 * w:.3g}",
            *(f"{time:.3g}" if (time := memorisation_time(w, kappa)) else "none" for kappa in _KAPPAS),
            f"{memorisation_constant(w):.3g}",
        )
        for w in _SHARES
    )
    return NumberTable(caption, head, rows)


ITEMS: tuple[Item, ...] = (
    Item(
        "Theorem 1, part 1 (early learning)",
        _ids("theorem_1.aligned", "theorem_1.near", "theorem_1.start", "theorem_1.learned",
             "slip.start_is_early"),
        r"With $T$ the first $t$ with $\theta_t\cdot v \ge 1/10$: for $t < T$, $\|\theta_t - \theta_0\| "
        r"\le 1$ and $\cos(-\nabla L(\theta_t), v) \ge 1/6$; $A_W(\theta_0) \le .5001$ and "
        r"$A_W(\theta_T) > .9999$.",
    ),
    Item(
        "Theorem 1, part 2 (vanishing gradients)",
        _ids("theorem_1.clean_coefficients", "theorem_1.wrong_coefficients", "slip.tanh", "gradient.half"),
        "Between 0 and T the mean of $k_i^2$ over clean examples falls by more than .05, over wrongly "
        "labelled ones it rises by more than .05.",
    ),
    Item(
        "Theorem 1, part 3 (memorisation)",
        _ids("theorem_1.separable", "theorem_1.memorised"),
        r"If $\liminf p/n > 1 - \Delta/2$ the noisy labels are linearly separable with probability tending "
        "to 1, and gradient descent memorises all of them.",
    ),
    Item(
        "Lemma 2 (the ELR gradient)",
        _ids("lemma_2.gradient", "lemma_2.helps_true_class", "slip.neutral_two", "target.neutral_strength"),
        r"The gradient of example $i$ is $(p - y + \lambda g)/n$ with $g_c = \frac{p_c}{1-\langle p,t\rangle}"
        r"\sum_k (t_k - t_c)p_k$; where $t$ is largest at the true class it boosts clean examples and "
        "opposes wrong ones.",
    ),
    Item(
        "Appendix (the KL alternative)",
        _ids("slip.kl_gradient", "lemma_2.kl_gradient", "compared.kl_memorises"),
        "The KL regulariser, whose gradient is printed as $\\lambda(p - t)$, does not prevent memorisation.",
    ),
    Item(
        "Early learning, sharp",
        _ids("first_step.early_learning", "first_step.wrong", "stage.accuracy", "stage.time",
             "field.memorisation_time", "field.memorisation_exponent_n", "late.gap", "separability.below"),
        r"Formulas in $w$, $\kappa = \sigma^2 p/n$ and $m = 1 - 2w$ where the paper has limits and $\Omega$.",
        beyond=True,
        numbers=_times,
    ),
    Item(
        "The regulariser, sharp",
        _ids("strength.memorisation_threshold", "strength.corrected",
             "frozen.side", "target.separatrix", "memory.loaded_in_time", "clamp.never",
             "compared.beats_stopping"),
        "The paper proves nothing of the dynamics of ELR and lists it as open: when labels are kept from "
        "being memorised, by its strength, its memory and its clamp.",
        beyond=True,
    ),
)  # fmt: skip
