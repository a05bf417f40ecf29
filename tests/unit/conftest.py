"""What the tests of the report share: one verification of the zoo, and its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verify.outcome import Verification

if TYPE_CHECKING:
    from verify.report.blocks import Figure


@pytest.fixture(scope="session")
def verification() -> Verification:
    from report_cases import make_verification

    return make_verification()


@pytest.fixture(scope="session")
def figures(verification: Verification) -> list[Figure]:
    """All that the zoo has data for, drawn once."""
    from verify.report.figures import draw_all

    return draw_all(verification)


@pytest.fixture(scope="session")
def folder(
    verification: Verification, figures: list[Figure], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    from verify.report import figures as figure_module
    from verify.report import write_report

    folder = tmp_path_factory.mktemp("zoo") / "reports" / "latest"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_module, "begin_all", lambda *_: lambda: figures)
        write_report(verification, folder)
    return folder


@pytest.fixture(scope="session")
def small() -> Verification:
    """Two claims and no exhibit: quick to write again and again."""
    from report_cases import make_verification

    return make_verification("zoo.exponent.eta", "zoo.theorem_4_1.order", exhibits=False)
