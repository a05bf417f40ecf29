"""The bounds-against-empirics report: `write_report` and what it is made of."""

from __future__ import annotations

from verify.report.folder import check_writable
from verify.report.write import write_report

__all__ = ["check_writable", "write_report"]
