"""Holm's correction against the library's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from verify.statistics.holm import holm


@pytest.fixture(scope="module", autouse=True)
def no_search_for_garbage() -> Iterator[None]:
    """The library has one made in every call, through all that the tests have loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gc.collect", lambda *_: 0)
        yield


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_it_is_the_librarys(p_values: list[float]) -> None:
    wanted = multipletests(p_values, method="holm")[1]
    np.testing.assert_allclose(holm(p_values), wanted, rtol=1e-14, atol=0)


def test_nothing_is_corrected_in_an_empty_family() -> None:
    assert holm([]) == []
