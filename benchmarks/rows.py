"""What is measured, and the target of each measure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from benchmarks.timing import Spread

__all__ = ["Row"]


@dataclass(frozen=True)
class Row:
    """One line of the table. `better` says on which side of `target` the measure has to lie.

    "between" holds the measure within `target` +- `tolerance`. A row that was not run says why in `skipped`.
    """

    measure: str
    target: float
    better: Literal["at least", "at most", "between"]
    unit: str = ""
    value: Spread | None = None
    tolerance: float = 0.0
    skipped: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool | None:
        """Whether the median meets the target; None where nothing was measured."""
        if self.value is None:
            return None
        if self.better == "at least":
            return self.value.median >= self.target
        if self.better == "at most":
            return self.value.median <= self.target
        return abs(self.value.median - self.target) <= self.tolerance

    @property
    def target_text(self) -> str:
        """The target in words."""
        if self.better == "between":
            return f"{self.target:g} +- {self.tolerance:g}"
        return f"{self.better} {self.target:g}{self.unit}"

    @property
    def value_text(self) -> str:
        """Median and quartiles, or why there are none."""
        if self.value is None:
            return f"not run: {self.skipped}"
        v = self.value
        return f"{v.median:.4g}{self.unit} [{v.low:.4g}, {v.high:.4g}]"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"passed": self.passed}
