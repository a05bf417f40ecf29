"""A folder of pictures: `DIR/<class>/*.png|jpg|jpeg|bmp`, brought to one size and mode by Pillow."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from simulation.files.errors import one_line
from simulation.images.errors import DataError, MissingData
from simulation.images.images import Images

__all__ = ["MOST_IMAGES", "MOST_PIXELS", "load_folder"]

#: A picture with more pixels than this is refused before it is decoded.
MOST_PIXELS = 2**25
#: More pictures than this do not fit this reader.
MOST_IMAGES = 200_000

#: The side of pictures where none is asked for; less where every picture is smaller, but not below the least.
_SIDE, _LEAST = 32, 8

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp"}


def load_folder(folder: Path, *, size: int | None = None, mode: str = "RGB") -> Images:
    """Every picture as `size` x `size` pixels in [0, 1]; classes are the subfolders in alphabetical order.

    Without a size pictures are 32 pixels wide, or as wide as the largest of them where that is less: nothing
    is gained from blowing them up.

    Links that leave the folder are not followed. `mode` is Pillow's "RGB" or "L" (grey). A picture is turned
    as its camera says, of several frames the first is taken; files of other kinds are left out and counted in
    the source.

    Raises:
        MissingData: Pillow is not installed.
        DataError: naming the folder, the option or the picture.
    """
    if size is not None and not 4 <= size <= 512:
        raise DataError(f"size must lie in 4..512, was {size}")
    if mode not in ("RGB", "L"):
        raise DataError(f"mode must be RGB or L, was {mode!r}")
    if not folder.is_dir():
        raise DataError(f"no such folder: {folder}")
    root = folder.resolve()
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and _inside(p, root) and p.name[:1] != ".")
    found: list[Path] = []
    labels: list[int] = []
    names: list[str] = []
    shown: list[str] = []
    others: dict[str, int] = {}
    for path in classes:
        inside = sorted(p for p in path.iterdir() if _inside(p, root) and p.name[:1] != ".")
        files = [p for p in inside if p.suffix.lower() in _SUFFIXES]
        for p in inside:
            if p.suffix.lower() not in _SUFFIXES and p.is_file():
                others[p.suffix.lower()] = others.get(p.suffix.lower(), 0) + 1
        if not files:
            continue
        if not path.name.isprintable():
            raise DataError(f"the folder {path.name!r} is a class whose name cannot be printed")
        if len(found) + len(files) > MOST_IMAGES:
            raise DataError(f"{folder} holds more than {MOST_IMAGES} pictures")
        found += files
        labels += [len(names)] * len(files)
        shown += [f"{path.name}/{file.name}" for file in files]
        names.append(unicodedata.normalize("NFC", path.name))
    left_out = _left_out(others)
    if len(names) < 2:
        raise DataError(
            f"{folder} must hold at least 2 subfolders with pictures, one a class; found {len(names)}"
            f"{left_out}"
        )
    side = _side_of(found) if size is None else size
    x = np.stack([_picture(file, side, mode) for file in found])
    y = np.array(labels, dtype=np.int64)
    return Images(x, y, f"pictures of {folder.name}{left_out}", tuple(names), files=tuple(shown))


def _left_out(others: Mapping[str, int]) -> str:
    """What is said of files that are no pictures of these kinds: left out, but not in silence."""
    if not others:
        return ""
    kinds = ", ".join(sorted(one_line(kind) if kind else "without a suffix" for kind in others))
    count = sum(others.values())
    return f" (left out: {count} file{'' if count == 1 else 's'} of other kinds, {kinds})"


def _inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def _side_of(files: Sequence[Path]) -> int:
    """What the headers allow; a file that cannot be read says so when it is read whole."""
    largest = 0
    for file in files:
        with warnings.catch_warnings(), suppress(Exception):
            warnings.simplefilter("ignore")
            largest = max(largest, *_header_size(file))
        if largest >= _SIDE:
            return _SIDE
    return max(largest, _LEAST)


def _header_size(file: Path) -> tuple[int, int]:
    from PIL import Image

    if not file.is_file():
        return 0, 0
    with Image.open(file, formats=("PNG", "JPEG", "BMP")) as image:
        return image.size


def _picture(file: Path, size: int, mode: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise MissingData("reading pictures needs Pillow: pip install pillow") from None
    if not file.is_file():
        raise DataError(f"{one_line(str(file))} must be a plain file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of bombs and of damaged data
            with Image.open(file, formats=("PNG", "JPEG", "BMP")) as image:
                if image.width * image.height > MOST_PIXELS:
                    size_of = f"{image.width} x {image.height} pixels"
                    raise DataError(f"{one_line(str(file))} has {size_of}; at most {MOST_PIXELS}")
                upright = ImageOps.exif_transpose(image)
                small = _plain(upright, mode).resize((size, size), Image.Resampling.BILINEAR)
    except DataError:
        raise
    except Exception as error:  # a decoder may raise nearly anything on damaged bytes
        raise DataError(f"{one_line(str(file))} cannot be read as a picture: {one_line(error)}") from None
    array = np.asarray(small, dtype=np.float32) / np.float32(255)
    return np.ascontiguousarray(array[None] if mode == "L" else array.transpose(2, 0, 1))


def _plain(image: Any, mode: str) -> Any:
    """The picture in 8 bits and in `mode`: 16 bits of grey divided, not cut off; what is transparent lies on
    white, whatever colour is hidden there."""
    from PIL import Image

    if image.mode.startswith("I"):
        grey = np.asarray(image, dtype=np.float64) / 257.0
        return Image.fromarray(np.rint(np.clip(grey, 0, 255)).astype(np.uint8)).convert(mode)
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
    return image.convert(mode)
