"""The subjects of the claims on images, as their report shows them."""

from __future__ import annotations

from theory.item import Item

__all__ = ["ITEMS"]


def _ids(*names: str) -> tuple[str, ...]:
    return tuple(f"images.{name}" for name in names)


ITEMS: tuple[Item, ...] = (
    Item(
        "Stage I on images",
        _ids("order", "stage_one", "memorised", "decline", "no_noise", "hard_pair.order",
             "spread_needed.cluster.order", "spread_needed.cluster.stage_one",
             "spread_needed.boundary.stage_one"),
        "As Theorem 4.1 says of its model: clean images are fit first, noisy ones are predicted as their "
        "true class meanwhile, and are memorised later.",
    ),
    Item(
        "The experiment itself",
        _ids("flips", "still"),
        "Flips are those that the setting names, and records are made in evaluation mode at fixed weights.",
        beyond=True,
    ),
    Item(
        "Theorem 4.2 (the floor of the test error)",
        _ids("floor", "generalises", "nearest"),
        r"The error at the end is at least half of the smaller flip rate.",
    ),
    Item(
        "Proposition 4.3 (early stopping, selection)",
        _ids("stop_acc", "stop_val", "truth_at_val", "spread_needed.cluster.stop_val", "noisy_validation",
             "exact_cut",
             "selection", "early_ranks"),
        r"Stopped at the end of Stage I the test error is small, and the threshold $\log 2$ separates clean "
        "from noisy samples.",
    ),
    Item(
        "Ten classes and larger images",
        _ids("k_classes.order", "k_classes.stage_one", "larger.order", "larger.stage_one"),
        beyond=True,
    ),
    Item(
        "The paper's network on image patches",
        _ids("theory.eta", "theory.m", "theory.kernel", "theory.not_before", "theory.bridge"),
        r"The paper's clock $nm/(\eta\sigma_\xi^2 d)$, its exponents, and what stands in its place far "
        r"outside $d = \Omega(n^2)$.",
        beyond=True,
    ),
    Item(
        "The audit of a user's labels",
        _ids("audit.spoiled", "audit.interval_of_scores", "audit.answers", "audit.covers",
             "audit.precision", "audit.stop", "audit.silent", "audit.notices"),
        "What may be believed of its flip rate, its suspects and its stop.",
        beyond=True,
    ),
)  # fmt: skip
