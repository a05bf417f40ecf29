"""Auditing one's own labels: `from verify.audit import plan, Recorder, audit, staged`. See
`docs/audit.md`."""

from __future__ import annotations

from simulation.audit import Audit, Plan, Record, Recorder, Selection, audit, plan, staged

__all__ = ["Audit", "Plan", "Record", "Recorder", "Selection", "audit", "plan", "staged"]
