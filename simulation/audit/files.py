"""Records, plans and labels as files of plain numbers; nothing in them is ever run."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.audit.judging import record_of_arrays
from simulation.audit.planning import Plan
from simulation.audit.record import Record

__all__ = ["load_arrays", "load_labels", "load_plan", "load_record"]

_ARRAYS = ("margins", "probs", "losses")
_CEILING = 2**32


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file.

    Raises:
        ValueError: no such file, no .npz, damaged, larger than 4 GiB, or with arrays of objects (which are
        pickles).
    """
    if not path.is_file():
        raise ValueError(f"no such file: {path}")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _CEILING:
                raise ValueError(f"{path} unpacks to more than {_CEILING} bytes")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, MemoryError) as error:
        raise ValueError(
            f"{path} must be an .npz file of plain numbers: {' '.join(str(error).split())[:200]}"
        ) from None


def load_record(path: Path) -> tuple[Record, NDArray[Any]]:
    """A record and the names of its classes.

    The file holds `labels` (n,), `trained_labels` (n,), `probes` (K,), `steps` (T,) and one of `margins` (T,
    n), `probs` (T, n, C), `losses` (T, n); optionally `predictions` (T, n), `classes` (k,) and, of matched
    probes, `spoiled`. `Recorder.save` writes it.

    Raises:
        ValueError: naming the file and the array.
    """
    arrays = load_arrays(path)
    found = [name for name in _ARRAYS if name in arrays]
    if "labels" not in arrays or len(found) != 1:
        raise ValueError(
            f"{path} must hold labels and one of {', '.join(_ARRAYS)}; it has {', '.join(sorted(arrays))}"
        )
    classes = arrays.get("classes")
    try:
        record, names = record_of_arrays(
            arrays[found[0]], arrays["labels"], arrays.get("probes", ()), arrays.get("steps"),
            None if classes is None else len(classes), arrays.get("trained_labels"), found[0],
        )  # fmt: skip
        predictions, spoiled = arrays.get("predictions"), arrays.get("spoiled")
        if predictions is not None and predictions.shape != record.margins.shape:
            raise ValueError(f"predictions must have shape {record.margins.shape}, have {predictions.shape}")
        whole = Record(
            record.observed, record.trained, record.probes, record.steps, record.margins, record.k,
            record.predictions if predictions is None else predictions.astype(np.int16),
            None if spoiled is None else float(spoiled),
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return whole, names if classes is None else classes


def load_labels(path: Path) -> NDArray[Any]:
    """Labels of a .npy array (whole numbers or words), or of a .csv file with one column or one named
    `label`.

    Raises:
        ValueError: naming the file.
    """
    if not path.is_file():
        raise ValueError(f"no such file: {path}")
    if path.suffix == ".npy":
        try:
            return np.asarray(np.load(path, allow_pickle=False))
        except (ValueError, OSError, EOFError) as error:
            text = " ".join(str(error).split())[:200]
            raise ValueError(f"{path} must be a .npy array of plain numbers or words: {text}") from None
    if path.suffix != ".csv":
        raise ValueError(f"{path} must end in .npy or .csv")
    try:
        rows = [row for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines()) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is no table of text: {error}") from None
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "label" in names:
        column, rows = names.index("label"), rows[1:]
    elif len(names) == 1:
        column = 0
    else:
        raise ValueError(f"{path} must have one column, or one named label; has {len(names)}")
    if not rows or any(len(row) <= column or not row[column].strip() for row in rows):
        raise ValueError(f"{path} has a line without a label")
    return np.array([row[column].strip() for row in rows])


def load_plan(path: Path) -> Plan:
    """A plan as `Plan.save` writes it.

    Raises:
        ValueError: naming the file.
    """
    arrays = load_arrays(path)
    runs = sum(name.startswith("probes_") for name in arrays)
    missing = [name for name in ("observed", "labels", "classes", "probes_0") if name not in arrays]
    if missing:
        raise ValueError(f"{path} is no plan of `audit plan`: it has no {missing[0]}")
    spoiled = arrays.get("spoiled")
    return Plan(
        arrays["observed"],
        arrays["labels"],
        tuple(arrays[f"probes_{r}"] for r in range(runs)),
        arrays["classes"],
        None if spoiled is None else float(spoiled),
    )
