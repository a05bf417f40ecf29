"""Han et al. 2025, *On the Role of Label Noise in the Feature Learning Process*."""

from __future__ import annotations
