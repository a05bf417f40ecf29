"""Images by kind and path, the one entrance to all sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from simulation.images.errors import DataError
from simulation.images.images import Images, choose_classes

__all__ = ["KINDS", "load_images", "parse_data", "shipped"]

#: kind -> whether it needs a path.
KINDS = {
    "digits": False, "mnist5k": False, "fashion": False,
    "cifar10": True, "cifar100": True, "idx": True, "npz": True, "folder": True,
}  # fmt: skip


def parse_data(text: str) -> tuple[str, Path | None]:
    """`"KIND"` or `"KIND:PATH"` taken apart.

    Raises:
        DataError: unknown kind, a missing path, or one where none belongs.

    >>> parse_data("digits")
    ('digits', None)
    """
    kind, colon, path = text.partition(":")
    if kind not in KINDS:
        raise DataError(
            f"--data must be one of {', '.join(KINDS)} (with :PATH for a user's own), was {text!r}"
        )
    if KINDS[kind] and not path:
        raise DataError(f"--data {kind} needs a path: {kind}:PATH")
    if colon and not KINDS[kind]:
        raise DataError(f"--data {kind} takes no path, was {text!r}")
    return kind, Path(path) if path else None


def load_images(
    kind: str,
    path: Path | str | None = None,
    classes: Sequence[str | int] | None = None,
    *,
    size: int | None = None,
    mode: str = "RGB",
    transpose: bool = False,
) -> Images:
    """Images of a shipped set ("digits", "mnist5k", "fashion") or of a user's file.

    Args:
        kind: one of `KINDS`.
        path: the file or folder, for a user's own.
        classes: only these, by name, numbered in this order; None: all.
        size, mode: of pictures in a folder. transpose: of an IDX folder (EMNIST).

    Raises:
        MissingData: the set is not on this machine.
        DataError: naming the file or argument.
    """
    kind, place = parse_data(kind if path is None else f"{kind}:{path}")
    if place is None:
        images = shipped(kind)
    else:
        images = _own(kind, size, mode, transpose)(place)
    return images if classes is None else choose_classes(images, [str(c) for c in classes])


def _own(kind: str, size: int | None, mode: str, transpose: bool) -> Callable[[Path], Images]:
    from simulation.images.sources import cifar, folder, idx, npz

    readers: dict[str, Callable[[Path], Images]] = {
        "cifar10": cifar.load_cifar10,
        "cifar100": cifar.load_cifar100,
        "npz": npz.load_npz,
        "idx": lambda p: idx.load_idx(p, transpose=transpose),
        "folder": lambda p: folder.load_folder(p, size=size, mode=mode),
    }
    return readers[kind]


@lru_cache(maxsize=4)
def shipped(kind: str) -> Images:
    """A set that comes in a package, read once a process."""
    from simulation.images.sources import digits, idx, mnist5k

    if kind not in ("digits", "mnist5k", "fashion"):
        raise DataError(f"{kind} comes in no package; give {kind}:PATH")
    return {"digits": digits.load_digits, "mnist5k": mnist5k.load_mnist5k, "fashion": idx.load_fashion}[
        kind
    ]()
