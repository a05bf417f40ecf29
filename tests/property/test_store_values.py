"""What is put into a run store comes back bit for bit; what tells runs apart changes their key."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.models import Job
from simulation.two_stage.stopping import LossAtMost
from theory.run import Estimate
from theory.two_stage.setting import Setting
from theory.two_stage.variation import PLAIN, Variation
from verify.runs.batch import Measurement
from verify.runs.keep import flat_of, measurement_of
from verify.runs.plan import RunSpec
from verify.runs.same import identical
from verify.store import RunStore, code, code_version, digest, run_identity
from verify.store.tree import UnkeptValue

AT = Setting.from_n_snr2(
    n=10, d=100, m=4, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=1.0, clock_step=0.1
)
SPEC = RunSpec("own", 0, 0, AT, 3, "law", {})

floats = st.floats(width=64) | st.integers(0, 2**64 - 1).map(
    lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = st.booleans() | floats | st.integers(-(2**63), 2**63 - 1) | text
flats = st.dictionaries(text, scalars, max_size=6)


def bits(value: Any) -> Any:
    """The value with its types, floats by their bits: == takes 0.0 for -0.0 and nan for no nan."""
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, np.generic):
        return type(value), value.tobytes()
    if isinstance(value, float):
        return "float", struct.pack("<d", value)
    if isinstance(value, list | tuple):
        return type(value), [bits(item) for item in value]
    if isinstance(value, Estimate):
        return "estimate", bits([value.value, value.low, value.high])
    if isinstance(value, dict):
        return "dict", [(bits(k), bits(v)) for k, v in value.items()]
    return type(value), value


@given(st.dictionaries(text, flats, max_size=5))
def test_flat_values_come_back_bit_for_bit(batch: dict[str, dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        store = RunStore.open(folder)
        store.put(batch.items())
        again = RunStore.open(folder)
        assert again.quarantined == []
        for one in (store, again):
            assert one.keys() == set(batch)
            for key, values in batch.items():
                found = one.get(key)
                assert found is not None
                assert {k: bits(v) for k, v in found.items()} == {k: bits(v) for k, v in values.items()}


NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0]


def test_floats_that_compare_equal_stay_apart_in_one_column(tmp_path: Path) -> None:
    values = [
        0.0,
        -0.0,
        *(struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000 + k))[0] for k in range(3)),
    ]
    RunStore.open(tmp_path / "s").put((str(k), {"x": value}) for k, value in enumerate(values))
    store = RunStore.open(tmp_path / "s")
    assert [bits((store.get(str(k)) or {})["x"]) for k in range(5)] == [bits(value) for value in values]


RULE_VALUES = {
    "identity": 4.9e-16,
    "event": True,
    "numpy bool": np.True_,
    "numpy float": np.float64(-0.0),
    "exponent": math.inf,
    "minus": -math.inf,
    "minus zero": -0.0,
    "nan": NAN,
    "law": (12.0, 12.5),
    "z scores": (1.0, 2.0, 0.5, 0.0),
    "calibration": (False, 0.25),
    "same law": {"t_half": 3.0, "loss": np.float64(0.1), "never": math.inf},
    "estimate": Estimate(0.1, 0.0, math.nan),
    "array": np.array([[0.0, -0.0], [math.nan, 1.0]]),
    "count": 3,
    "huge": 2**70,
    "words": "a \ud800 b",
    "nothing": None,
    "nested": {"a": [1.0, (True, None)], 3: {"b": np.float32(1.5)}},
}


@pytest.mark.parametrize("value", RULE_VALUES.values(), ids=RULE_VALUES.keys())
def test_a_value_of_every_rule_survives(value: Any, tmp_path: Path) -> None:
    made = Measurement(SPEC, 40, {"own.claim": value}, {"own.other": "few \ud800 \x00 flips"})
    RunStore.open(tmp_path / "s").put([("k", flat_of(made))])
    flat = RunStore.open(tmp_path / "s").get("k")
    assert flat is not None
    back = measurement_of(SPEC, flat)
    assert (back.spec, back.steps, back.not_applicable) == (SPEC, 40, made.not_applicable)
    assert bits(dict(back.values)) == bits(dict(made.values))


leaves = st.none() | st.booleans() | floats | st.integers() | st.text(max_size=5) | floats.map(np.float64)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.from_regex(r"[a-z]+\.[a-z_]+", fullmatch=True), trees, max_size=4))
def test_measurements_come_back_whole(values: dict[str, Any]) -> None:
    flat = flat_of(Measurement(SPEC, 7, values, {}))
    assert bits(dict(measurement_of(SPEC, flat).values)) == bits(values)


def test_what_no_rule_knows_is_not_kept() -> None:
    with pytest.raises(UnkeptValue, match="object"):
        flat_of(Measurement(SPEC, 7, {"own.claim": object()}, {}))


@pytest.mark.parametrize("value", [None, 2**63, -(2**63) - 1, [1.0], b"x", "\ud800", 1j])
def test_other_values_are_refused_whole(value: Any, tmp_path: Path) -> None:
    store = RunStore.open(tmp_path / "s")
    with pytest.raises(ValueError, match=r"key 'b': x: "):
        store.put([("a", {"x": 1.0}), ("b", {"x": value})])
    assert store.keys() == RunStore.open(tmp_path / "s").keys() == set()


# Keys ---------------------------------------------------------------------------------------------------


def identity(setting: Setting = AT, **changes: Any) -> dict[str, Any]:
    """Of a job with some fields changed, or of another engine, model, list of measures, ..."""
    others: dict[str, Any] = {
        "engine": "law", "model": "two_stage", "measures": ("own.a", "own.b"), "version": "1",
        "device": "cpu", "control": None,
    }  # fmt: skip
    job = Job(setting, 3, 40, (0, 40), options=PLAIN)
    job = replace(job, **{name: value for name, value in changes.items() if name not in others})
    return run_identity(job, **(others | {k: v for k, v in changes.items() if k in others}))


OTHERS = [
    identity(seed=4), identity(engine="reduced"), identity(model="other"), identity(steps=41),
    identity(snapshots=(0, 20, 40)), identity(record=(0, 40)), identity(record=range(0, 41, 2)),
    identity(streams=("loss",)), identity(stop=LossAtMost(0.1)), identity(stop=LossAtMost(0.2)),
    identity(precision=(("test_samples", 7),)), identity(control=Job(AT, 3, 40)),
    identity(measures=("own.a",)), identity(measures=("own.b", "own.a")), identity(version="2"),
    identity(options=None), identity(options=Variation(noise="laplace")),
    identity(options=Variation(batch_size=4)), identity(options=Variation(noise="correlated", decay=0.25)),
    identity(options=Variation(label_noise="instance")), identity(dtype="float32"),
    identity(device="cuda NVIDIA"),
    *(
        identity(AT.with_(**{name: np.nextafter(getattr(AT, name), 1e3)}))
        for name in ("sigma_xi", "signal_norm", "tau_plus", "tau_minus", "sigma_0", "eta")
    ),
    *(identity(AT.with_(**{name: getattr(AT, name) + 1})) for name in ("n", "d", "m")),
]  # fmt: skip


def test_everything_a_result_depends_on_changes_the_key() -> None:
    keys = [digest(i) for i in (identity(), *OTHERS)]
    assert len(set(keys)) == len(keys)
    assert digest(identity()) == keys[0]


def test_an_identity_takes_json_types_only() -> None:
    for wrong in (math.nan, {1: 2}, {1, 2}, object()):
        with pytest.raises(ValueError):
            digest({"x": wrong})


def test_another_claims_file_is_another_version(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("CLAIMS = []\n")
    first = code_version([file])
    assert first == code_version([file]) != code_version()
    file.write_text("CLAIMS = [] \n")
    assert code_version([file]) != first
    with pytest.raises(ValueError, match="--claims-file"):
        code_version([tmp_path / "none.py"])


def test_a_module_beside_the_claims_file_belongs_to_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.py").write_text("")
    (tmp_path / "beside_own.py").write_text("C = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = code_version([tmp_path / "own.py"])
    __import__("beside_own")
    loaded = code_version([tmp_path / "own.py"])
    (tmp_path / "beside_own.py").write_text("C = 2\n")
    assert len({before, loaded, code_version([tmp_path / "own.py"])}) == 3


def test_tuples_are_identical_number_by_number() -> None:
    assert identical((1, math.nan, "a", None), (1, math.nan, "a", None))
    for other in ((1.0,), (True,), (1, 2), (), (2,), [1]):
        assert not identical((1,), other)
    assert not identical((0.0,), (-0.0,))


def test_the_files_of_the_packages_belong_to_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "_ROOT", tmp_path)
    (tmp_path / "theory").mkdir()
    found = set()
    for text in ("A = 1", "A = 2"):
        (tmp_path / "theory" / "own.py").write_text(text)
        monkeypatch.setattr(code, "_built_in", cache(code._built_in.__wrapped__))
        found.add(code_version())
    assert len(found) == 2


def test_a_spec_is_not_stored_but_given_again() -> None:
    flat = flat_of(Measurement(SPEC, 7, {"own.a": 1.0}, {}))
    other = replace(SPEC, index=9)
    assert measurement_of(other, flat).spec is other
