"""Where statements come from. The paper's own text was not read in full; every source says what was."""

from __future__ import annotations

from theory.source import Reference, Source

__all__ = ["REFERENCE", "SECTIONS", "abstract", "here", "note", "notebook", "readme"]

REFERENCE = Reference(
    authors="Zhang, Zhou, Wang, Han, Huang, Suzuki, Yan",
    year=2026,
    title="On the Learning Dynamics of Two-layer Linear Networks with Label Noise SGD",
    where="AAAI",
    link="https://arxiv.org/abs/2603.10397",
)

_PAPER = "Zhang et al. 2026"

#: Paragraphs of docs/derivations/label_noise_sgd.md, by section.
_PARAGRAPHS = {
    2: ("transport", "balance", "volume", "one step", "SAM steps", "deep networks"),
    3: (
        "without noise", "decay", "any covariance", "durations", "second layer", "imposed second layer",
        "stability", "which noise is needed",
    ),
    4: (
        "slow curve", "rest point", "alignment", "floor", "shrinkage", "exponents", "small start",
        "adiabaticity",
    ),
    5: ("one-sample SAM", "full-batch SAM", "SAM with label noise", "collapse"),
    6: ("ReLU", "released notebook"),
    7: ("edges",),
}  # fmt: skip
SECTIONS = {title: section for section, titles in _PARAGRAPHS.items() for title in titles}


def abstract(item: str) -> Source:
    """The public abstract."""
    return Source(_PAPER, f"abstract, {item}")


def readme(item: str) -> Source:
    """The README of the authors' code."""
    return Source(f"{_PAPER}, released code", f"README, {item}")


def notebook(item: str) -> Source:
    """The one notebook of the authors' code that could be read: the real-world one."""
    return Source(f"{_PAPER}, released code", f"real-world notebook, {item}")


def note(item: str) -> Source:
    """The paper's item as a public secondary note reports it; not checked against the paper itself."""
    return Source(f"{_PAPER}, as a secondary note reports it", item)


def here(title: str) -> Source:
    """A paragraph of this project's derivation.

    Raises:
        KeyError: for a paragraph that it does not have.
    """
    return Source("this project's derivation", f"section {SECTIONS[title]}, {title}")
