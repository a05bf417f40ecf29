"""What goes wrong with a user's images, said in one line."""

from __future__ import annotations

from simulation.files.errors import DataError

__all__ = ["DataError", "MissingData"]


class MissingData(DataError):
    """A data set that is not on this machine: what needs it is not applicable, for this reason."""
