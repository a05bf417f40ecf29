"""Where the suite looks for examples: to load a module and look through all of it for none costs as much."""

from __future__ import annotations

from pathlib import Path

PACKAGES = [Path(__file__).parent / name for name in ("theory", "simulation", "verify")]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Modules of the packages without one are left out; that each can be loaded, `test_architecture` sees."""
    if collection_path.suffix != ".py" or not any(collection_path.is_relative_to(p) for p in PACKAGES):
        return None
    return None if ">>> " in collection_path.read_text(encoding="utf-8") else True
