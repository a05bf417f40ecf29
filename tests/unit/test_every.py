"""A test of many things names each that fails, and tries them all."""

from __future__ import annotations

import pytest
from every import every


def test_each_failure_is_named_and_none_hides_another() -> None:
    tried = []

    @every(range(5), lambda k: f"number {k}")
    def test_small(k: int) -> None:
        """Of one."""
        tried.append(k)
        if k == 3:
            raise KeyError("three")
        assert k != 1

    with pytest.raises(ExceptionGroup, match=r"^2 of 5: number 1, number 3$") as caught:
        test_small()
    assert tried == [0, 1, 2, 3, 4]
    assert [type(failure) for failure in caught.value.exceptions] == [AssertionError, KeyError]
    assert caught.value.exceptions[0].__notes__ == ["of number 1"]
    assert (test_small.__name__, test_small.__doc__) == ("test_small", "Of one.")


def test_all_that_pass_pass_and_nothing_is_no_pass() -> None:
    every("ab")(lambda letter: None)()
    with pytest.raises(AssertionError, match="nothing to check"):
        every("")(lambda letter: None)()
