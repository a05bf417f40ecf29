"""How a command finds a claim: by its id, by the end of it, by a pattern."""

from __future__ import annotations

import pytest

from verify.cli.options import find_claim, fits


def test_a_claim_is_found_without_its_first_words_where_they_are_not_needed() -> None:
    full = "two_stage.theorem_4_1.clean_fit"
    assert find_claim(full, None).id == full
    assert find_claim("theorem_4_1.clean_fit", None).id == full


def test_an_ending_of_several_claims_names_them() -> None:
    with pytest.raises(ValueError, match=r"CLAIM_ID: 'clean_fit' may be any of .*theorem_4_1.clean_fit"):
        find_claim("clean_fit", None)
    with pytest.raises(ValueError, match="did you mean"):
        find_claim("two_stage.theorem_4_1.clean_fits", None)


def test_a_pattern_is_held_against_id_and_item() -> None:
    claim = find_claim("two_stage.theorem_4_1.clean_fit", None)
    for pattern in ("", "CLEAN_", "theorem 4.1", "two_stage.*fit", "*4_1*"):
        assert fits(claim, pattern), pattern
    for pattern in ("4_2", "noisy*", "fit?"):
        assert not fits(claim, pattern), pattern
