"""The run store: results of finished runs in a folder of checksummed Parquet files; see `docs/store.md`."""

from __future__ import annotations

from verify.store.code import code_version
from verify.store.disk import StoreError
from verify.store.flat import Flat, Scalar
from verify.store.folder import Quarantined, RunStore
from verify.store.identity import digest, run_identity

__all__ = [
    "Flat",
    "Quarantined",
    "RunStore",
    "Scalar",
    "StoreError",
    "code_version",
    "digest",
    "run_identity",
]
