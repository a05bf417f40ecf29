"""What a verification was asked for, on which machine and with which libraries: the head of `run.json`."""

from __future__ import annotations

import platform
from contextlib import suppress
from functools import cache
from importlib import metadata
from typing import Any

from verify.made_by import made_by

__all__ = ["device_name", "run_info"]

_VERSIONS = (
    "torch", "numpy", "scipy", "sympy", "numba", "python-flint", "statsmodels", "hypothesis", "pandas",
    "matplotlib", "latex2mathml", "pyarrow", "joblib",
)  # fmt: skip


def run_info(
    profile: str, seed: int, jobs: int, device: str, runs: int, steps: int, seconds: float
) -> dict[str, Any]:
    """The part of `run.json` that any verification has: what was asked, and by what it was made."""
    return {
        "profile": profile,
        "seed": seed,
        "jobs": jobs,
        "device": device,
        "device_name": device_name(device),
        "runs": runs,
        "gradient_steps": steps,
        "wall_seconds": round(seconds, 1),
        **made_by(),
        "python": platform.python_version(),
        "versions": _versions(),
    }


@cache
def _versions() -> dict[str, str]:
    out = {}
    for name in _VERSIONS:
        with suppress(metadata.PackageNotFoundError):
            out[name] = metadata.version(name)
    return out


def device_name(device: str) -> str:
    """Of a processor or a card."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine()
