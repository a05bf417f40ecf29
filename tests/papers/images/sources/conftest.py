"""No test of a reader may end with code from a file having run."""

from __future__ import annotations

import pytest

from papers.images import files


@pytest.fixture(autouse=True)
def _trap_stays_shut():
    files.ARMED[0] = "unset"
    yield
    assert files.ARMED[0] == "unset", "code in a file was run"
