"""Which departures from the paper's model an engine makes exactly; what it does not is refused."""

from __future__ import annotations

from theory.two_stage.variation import Variation

__all__ = ["require_exact"]


def require_exact(engine: str, variation: Variation) -> None:
    """Refuse, in one line, a departure that an engine would not train exactly.

    Raises:
        ValueError: for other data than Gaussian patches and uniform flips in "law", which draws these alone;
            for biases in the closures: with them the patches of mu and -mu are two.
    """
    if engine == "law" and variation.needs_data:
        raise ValueError("engine 'law' knows Gaussian noise and uniform flips only: use 'reduced'")
    if engine != "cnn" and variation.biases:
        raise ValueError(f"engine {engine!r} knows no biases: use 'cnn'")
