"""What goes wrong with a user's data, said in one line."""

from __future__ import annotations

__all__ = ["DataError", "MissingData"]


class DataError(ValueError):
    """A file or an option that cannot be used; the message names it and says what is allowed."""


class MissingData(DataError):
    """A data set that is not on this machine: what needs it is not applicable, for this reason."""
