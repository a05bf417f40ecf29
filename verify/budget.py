"""Times on the command line."""

from __future__ import annotations

import re

__all__ = ["parse_budget"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_budget(text: str) -> float:
    """Seconds of a time such as 30s, 5m or 1h.

    Raises:
        ValueError: naming the option.

    >>> parse_budget("30s"), parse_budget("1.5m")
    (30.0, 90.0)
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smh])", text.strip(), re.ASCII)
    if match is None or not float(match.group(1)) > 0:
        raise ValueError(f"--budget must be a time > 0 such as 30s, 5m or 1h, was {text!r}")
    return float(match.group(1)) * _UNITS[match.group(2)]
