"""What the tests of the report share: one verification of the zoo, and its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.outcome import Verification


@pytest.fixture(scope="session")
def verification() -> Verification:
    from report_cases import make_verification

    return make_verification()


@pytest.fixture(scope="session")
def folder(verification: Verification, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from verify.report import write_report

    folder = tmp_path_factory.mktemp("zoo") / "reports" / "latest"
    write_report(verification, folder)
    return folder


@pytest.fixture(scope="session")
def small() -> Verification:
    """Two claims and no exhibit: quick to write again and again."""
    from report_cases import make_verification

    return make_verification("zoo.exponent.eta", "zoo.theorem_4_1.order", exhibits=False)
