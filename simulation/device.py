"""Where runs are made: a CPU, or a CUDA device where there is one."""

from __future__ import annotations

__all__ = ["resolve_device"]


def resolve_device(device: str) -> str:
    """ "auto" to a device that exists; others checked.

    Raises:
        ValueError: for an unknown device, or CUDA where there is none.
    """
    if device == "cpu":
        return device
    if device != "auto" and not (device == "cuda" or device.startswith("cuda:")):
        raise ValueError(f"device must be auto, cpu or cuda, was {device!r}")
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not torch.cuda.is_available():
        raise ValueError(f"device was {device!r}, but no CUDA device is available")
    return device
