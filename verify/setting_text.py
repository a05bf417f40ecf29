"""A setting in one line."""

from __future__ import annotations

from theory.setting import AbstractSetting

__all__ = ["setting_text"]


def setting_text(setting: AbstractSetting) -> str:
    """Fields with their values, then the dimensionless groups.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Coin(AbstractSetting):
    ...     n: int
    ...     p: float
    >>> setting_text(Coin(10, 0.25))
    'n 10, p 0.25'
    """
    fields, groups = (
        ", ".join(f"{name} {_number(value)}" for name, value in values.items())
        for values in (setting.as_dict(), setting.groups())
    )
    return f"{fields}; {groups}" if groups else fields


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
