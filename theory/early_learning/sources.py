"""Where the paper's claims come from."""

from __future__ import annotations

from theory.source import Reference, Source

__all__ = ["REFERENCE", "beyond", "paper"]

REFERENCE = Reference(
    authors="Liu, Niles-Weed, Razavian, Fernandez-Granda",
    year=2020,
    title="Early-Learning Regularization Prevents Memorization of Noisy Labels",
    where="NeurIPS",
    link="https://arxiv.org/abs/2007.00151",
)
_NAME = "Liu et al. 2020"


def paper(item: str, equation: str = "") -> Source:
    """A statement of the paper."""
    return Source(_NAME, item, equation)


def beyond(item: str) -> Source:
    """What is derived here about the paper's model, by its letter and number (`docs/derivations`)."""
    return Source(_NAME, f"beyond the paper, {item} (docs/derivations/early_learning)")
