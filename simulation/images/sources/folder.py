"""A folder of pictures: `DIR/<class>/*.png|jpg|jpeg|bmp`, brought to one size and mode by Pillow."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from simulation.images.errors import DataError, MissingData
from simulation.images.images import Images

__all__ = ["MOST_IMAGES", "MOST_PIXELS", "load_folder"]

#: A picture with more pixels than this is refused before it is decoded.
MOST_PIXELS = 2**25
#: More pictures than this do not fit this reader.
MOST_IMAGES = 200_000

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp"}


def load_folder(folder: Path, *, size: int = 32, mode: str = "RGB") -> Images:
    """Every picture as `size` x `size` pixels in [0, 1]; classes are the subfolders in alphabetical order.

    Links that leave the folder are not followed. `mode` is Pillow's "RGB" or "L" (grey).

    Raises:
        MissingData: Pillow is not installed.
        DataError: naming the folder, the option or the picture.
    """
    if not 4 <= size <= 512:
        raise DataError(f"size must lie in 4..512, was {size}")
    if mode not in ("RGB", "L"):
        raise DataError(f"mode must be RGB or L, was {mode!r}")
    if not folder.is_dir():
        raise DataError(f"no such folder: {folder}")
    root = folder.resolve()
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and _inside(p, root) and p.name[:1] != ".")
    pictures: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []
    labels: list[int] = []
    names: list[str] = []
    shown: list[str] = []
    for path in classes:
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES and _inside(p, root))
        if not files:
            continue
        if len(pictures) + len(files) > MOST_IMAGES:
            raise DataError(f"{folder} holds more than {MOST_IMAGES} pictures")
        pictures += [_picture(file, size, mode) for file in files]
        labels += [len(names)] * len(files)
        shown += [f"{path.name}/{file.name}" for file in files]
        names.append(path.name)
    if len(names) < 2:
        raise DataError(
            f"{folder} must hold at least 2 subfolders with pictures, one a class; found {len(names)}"
        )
    x = np.stack(pictures)
    y = np.array(labels, dtype=np.int64)
    return Images(x, y, f"pictures of {folder.name}", tuple(names), files=tuple(shown))


def _inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def _picture(file: Path, size: int, mode: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    try:
        from PIL import Image
    except ImportError:
        raise MissingData("reading pictures needs Pillow: pip install pillow") from None
    if not file.is_file():
        raise DataError(f"{file} must be a plain file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of bombs and of damaged data
            with Image.open(file, formats=("PNG", "JPEG", "BMP")) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise DataError(
                        f"{file} has {image.width} x {image.height} pixels; at most {MOST_PIXELS}"
                    )
                small = image.convert(mode).resize((size, size), Image.Resampling.BILINEAR)
    except DataError:
        raise
    except Exception as error:  # a decoder may raise nearly anything on damaged bytes
        raise DataError(f"{file} cannot be read as a picture: {' '.join(str(error).split())[:200]}") from None
    array = np.asarray(small, dtype=np.float32) / np.float32(255)
    return np.ascontiguousarray(array[None] if mode == "L" else array.transpose(2, 0, 1))
