"""Values given by name on the command line: `--NAME VALUE` of a paper's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from theory.parameters import Parameter

__all__ = ["named_values", "number", "parsed"]


def named_values(words: Sequence[str]) -> dict[str, str]:
    """`--n-snr2 8 --tau=0.1 --set m=20` as names and texts.

    Raises:
        ValueError: naming the word that is no option, has no value, or is given twice.

    >>> named_values(["--n-snr2", "8", "--tau=0.1", "--set", "m=20"])
    {'n_snr2': '8', 'tau': '0.1', 'm': '20'}
    """
    out: dict[str, str] = {}
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--") or word == "--":
            raise ValueError(f"unexpected argument {word!r}: values are given as --NAME VALUE")
        name, equals, text = word[2:].partition("=")
        if name == "set":
            name, equals, text = (left.pop(0) if left else "").partition("=")
            if not (name and equals):
                raise ValueError(f"--set must be NAME=VALUE, was {name!r}")
        elif not equals:
            if not left:
                raise ValueError(f"--{name} needs a value")
            text = left.pop(0)
        name = name.replace("-", "_")
        if name in out:
            raise ValueError(f"--{name.replace('_', '-')} is given twice")
        out[name] = text
    return out


def number(name: str, text: str) -> float:
    """A number; a whole one stays whole.

    Raises:
        ValueError: naming the option.
    """
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"--{name.replace('_', '-')} must be a number, was {text!r}") from None


def parsed(parameter: Parameter, text: str) -> float | str:
    """The value of a parameter: one of its words, or a number.

    Raises:
        ValueError: naming the option and what is allowed.
    """
    if not parameter.words:
        value = number(parameter.name, text)
        if parameter.whole and value == value // 1:
            return int(value)
        if parameter.whole:
            raise ValueError(f"--{parameter.name.replace('_', '-')} must be a whole number, was {text!r}")
        return value
    if text not in parameter.words:
        option = parameter.name.replace("_", "-")
        raise ValueError(f"--{option} must be one of {', '.join(parameter.words)}, was {text!r}")
    return text
