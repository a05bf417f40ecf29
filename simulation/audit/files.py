"""Records and plans as files of plain numbers; nothing in them is ever run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.audit.judging import record_of_arrays
from simulation.audit.planning import Plan
from simulation.audit.record import Record
from simulation.files import read_npz

__all__ = ["load_plan", "load_record"]

_ARRAYS = ("margins", "probs", "losses")
_CEILING = 2**32
#: Dimensions and kinds of numbers (numpy's letters) that an array of a record may have.
_FORM = {
    "labels": (1, "iubU"), "trained_labels": (1, "iubU"), "classes": (1, "iubU"), "probes": (1, "iu"),
    "steps": (1, "iu"), "predictions": (2, "iu"), "margins": (2, "fiu"), "losses": (2, "fiu"),
    "probs": (3, "fiu"), "spoiled": (0, "f"),
}  # fmt: skip


def load_record(path: Path) -> tuple[Record, NDArray[Any]]:
    """A record and the names of its classes.

    The file holds `labels` (n,), `trained_labels` (n,), `probes` (K,), `steps` (T,) and one of `margins` (T,
    n), `probs` (T, n, C), `losses` (T, n); optionally `predictions` (T, n), `classes` (k,) and, of matched
    probes, `spoiled`. `Recorder.save` writes it.

    Raises:
        ValueError: naming the file and the array.
    """
    arrays = read_npz(path, _CEILING)
    found = [name for name in _ARRAYS if name in arrays]
    if "labels" not in arrays or len(found) != 1:
        raise ValueError(
            f"{path} must hold labels and one of {', '.join(_ARRAYS)}; it has {', '.join(sorted(arrays))}"
        )
    for name in [n for n in _FORM if n in arrays]:
        dimensions, kinds = _FORM[name]
        array = arrays[name]
        if array.ndim != dimensions or (array.size and array.dtype.kind not in kinds):
            raise ValueError(
                f"{path}: {name} must have {dimensions} dimensions of plain numbers"
                f"{' or words' if 'U' in kinds else ''}, has shape {array.shape} of {array.dtype}"
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


def load_plan(path: Path) -> Plan:
    """A plan as `Plan.save` writes it.

    Raises:
        ValueError: naming the file.
    """
    arrays = read_npz(path, _CEILING)
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
