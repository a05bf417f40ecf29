"""A run store against a dict: put, get, delete, reopen, and a second handle, in any order."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from verify.store import RunStore

KEYS = st.sampled_from(["a", "b", "c", "d", "é\x00", ""])
VALUES = st.dictionaries(
    st.sampled_from(["x", "y", "float x"]),
    st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.sampled_from(["", "1.0", "word"]),
    max_size=3,
)
HANDLES = st.integers(0, 1)


class StoreMachine(RuleBasedStateMachine):
    """`model` is the dict; both handles speak of the same folder."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="store-"))
        self.handles = [RunStore.open(self.folder), RunStore.open(self.folder)]
        self.model: dict[str, dict[str, object]] = {}

    @rule(who=HANDLES, batch=st.lists(st.tuples(KEYS, VALUES), max_size=4))
    def put(self, who: int, batch: list[tuple[str, dict[str, object]]]) -> None:
        self.handles[who].put(batch)
        self.model.update(batch)
        assert all(self.handles[who].get(key) == self.model[key] for key, _ in batch)

    @rule(who=HANDLES, keys=st.lists(KEYS, max_size=3))
    def delete(self, who: int, keys: list[str]) -> None:
        self.handles[who].delete(keys)
        for key in keys:
            self.model.pop(key, None)
        assert all(self.handles[who].get(key) is None for key in keys)

    @rule(who=HANDLES)
    def reopen(self, who: int) -> None:
        self.handles[who] = RunStore.open(self.folder)

    @rule(who=HANDLES, content=st.binary(max_size=20))
    def a_stranger_is_set_aside(self, who: int, content: bytes) -> None:
        (self.folder / "notes.txt").write_bytes(content)
        self.handles[who].refresh()
        assert not (self.folder / "notes.txt").exists()

    @rule(who=HANDLES, key=KEYS)
    def get(self, who: int, key: str) -> None:
        handle = self.handles[who]
        handle.refresh()
        found = handle.get(key)
        assert found == self.model.get(key)
        assert found is None or {k: type(v) for k, v in found.items()} == {
            k: type(v) for k, v in self.model[key].items()
        }
        assert (key in handle) == (key in self.model)

    @invariant()
    def both_agree_with_the_dict(self) -> None:
        for handle in self.handles:
            handle.refresh()
            assert handle.keys() == set(self.model)
            assert all(handle.get(key) == values for key, values in self.model.items())
            assert all("notes.txt" in one.name for one in handle.quarantined)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


TestStoreMachine = StoreMachine.TestCase
