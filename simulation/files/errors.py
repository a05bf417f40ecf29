"""What goes wrong with a user's data, said in one line."""

from __future__ import annotations

__all__ = ["DataError", "one_line"]


class DataError(ValueError):
    """A file or an option that cannot be used; the message names it and says what is allowed."""


def one_line(found: BaseException | str) -> str:
    r"""A message on one line and not long, even where it quotes bytes of a file.

    >>> one_line(ValueError("bad name b'a\\x00'  at\n 3"))
    "bad name b'a?x00' at 3"
    """
    text = "".join(c if c.isprintable() else " " for c in str(found).replace("\\", "?"))
    return " ".join(text.split())[:200] or type(found).__name__
