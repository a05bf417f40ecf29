"""The table of kill rates counts what it should."""

from __future__ import annotations

import json
from pathlib import Path

from mutation.rates import rates, table


def test_rates_from_result_files(tmp_path: Path) -> None:
    (tmp_path / "theory").mkdir()
    codes = {"a": 1, "b": 0, "c": 33, "d": None, "e": 24, "f": 1}
    meta = json.dumps({"exit_code_by_key": codes})
    (tmp_path / "theory" / "x.py.meta").write_text(meta, encoding="utf-8")
    (tmp_path / "theory" / "y.py.meta").write_text('{"exit_code_by_key": {"a": null}}', encoding="utf-8")
    (found,) = rates(tmp_path)
    assert (found.module, found.killed, found.survived, found.unreached) == ("theory/x", 3, ("b",), ("c",))
    assert (found.made, found.waiting) == (5, 1)
    assert "3 of     5 killed ( 60%)" in table([found])
    assert table([found]).endswith("in all: 3 of 5 killed (60.0%)")
    assert table([]) == ""
