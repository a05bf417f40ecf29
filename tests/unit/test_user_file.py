"""The module of a user's file has a name by the file's place, wherever the command is called from."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulation.user_file import module_name


def test_a_relative_name_is_looked_up_where_the_command_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        folder.mkdir()
        monkeypatch.chdir(folder)
        names.append(module_name(Path("mine.py"), "claims_"))
        assert names[-1] == module_name(folder / "mine.py", "claims_")
    assert names[0] != names[1]
