"""What `verify_claims` returns: judgements with tables, pictures and a report.

The values stand in `verify.outcome`; here is what people do with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from verify import outcome

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Judgement", "Verification"]


@dataclass(frozen=True, repr=False)
class Judgement(outcome.Judgement):
    """A claim's verdict with everything it rests on; `plot()` draws it."""

    def __repr__(self) -> str:
        decision = self.decision
        return f"Judgement({self.claim.id!r}: {self.verdict}, {decision.n_trials} runs: {decision.reason})"

    def _repr_html_(self) -> str:
        from theory.formulas import statement_html
        from theory.show import html_table

        rows = {
            "claim": statement_html(self.claim.statement),
            "verdict": f"<b>{self.verdict}</b>" + (f" ({self.grade})" if self.grade else ""),
            "because": escape(self.decision.reason),
            "runs": f"{self.decision.n_trials} at {self.n_settings} settings",
        }
        if self.scope is not None:
            rows["speaks of"] = statement_html(self.scope.text)
        found = self.counterexample
        if found is not None:
            rows["counterexample"] = escape(f"{found.setting}, seed {found.seed}: measured {found.value}")
            rows["replay"] = f"<code>{escape(found.replay)}</code>"
        return html_table(self.claim.id, rows)

    def plot(self) -> Figure:
        """The evidence against what is claimed, a point a judged run: measured over predicted values with the
        accepted band, numbers along the coordinate that varies most, or shares of an event with their limits.

        Raises:
            ValueError: when no run was judged, or what was measured is no number.
        """
        from verify.evidence import evidence_figure

        return evidence_figure(self)


@dataclass(frozen=True, repr=False)
class Verification(outcome.Verification):
    """All claims of one call, by id: `done["mine.rate"]`."""

    def __getitem__(self, claim_id: str) -> Judgement:
        return cast("Judgement", super().__getitem__(claim_id))

    def __repr__(self) -> str:
        return f"Verification({len(self.judgements)} claims: {self._about()})"

    def _about(self) -> str:
        found, info = Counter(j.verdict for j in self.judgements), self.run_info
        counts = ", ".join(f"{found[v]} {v}" for v in outcome.VERDICTS if found[v]) or "none"
        return f"{counts}; {info.get('runs', 0)} runs, {info.get('profile')} profile, seed {info.get('seed')}"

    def _repr_html_(self) -> str:
        from theory.formulas import statement_html

        rows = "".join(
            f"<tr><td><b>{j.verdict}</b>{'' if j.claim.role == 'claim' else f' ({j.claim.role})'}</td>"
            f"<td>{escape(j.claim.id)}</td><td>{statement_html(j.claim.statement)}</td>"
            f"<td>{escape(j.decision.reason)}</td></tr>"
            for j in self.judgements
        )
        head = "<tr><th>verdict</th><th>claim</th><th>statement</th><th>because</th></tr>"
        return f"<table><caption>{escape(self._about())}</caption>{head}{rows}</table>"

    def to_frame(self) -> pd.DataFrame:
        """A row a claim, by its id: verdict, grade, role, runs, settings, what was measured and predicted,
        p-values, planned power, the runs that would decide, the region, the reason."""
        import pandas as pd

        rows = [_claim_row(j) for j in self.judgements]
        return pd.DataFrame(rows, index=pd.Index([j.claim.id for j in self.judgements], name="claim"))

    def observations(self, claim_id: str) -> pd.DataFrame:
        """A row a planned run of a claim, judged or not: the setting's fields, seed, engine, labels, what was
        measured, and why a run does not count (`not_judged`). What was measured stands in `value`, or in
        `value.PART` where it has parts; pairs in `quantity` and `bound` (rules of bounds), or `measured` and
        `predicted`.

        Raises:
            KeyError: when no such claim was judged.
        """
        import pandas as pd

        from theory.rules import Bound
        from verify.rules.registry import judge_of

        judgement = self[claim_id]
        rows = pd.DataFrame([_run_row(o) for o in judgement.observations])
        rule: Any = judgement.claim.rule
        if judge_of(rule).open_value != "pair":
            return rows
        pair = ("quantity", "bound") if isinstance(rule, Bound) else ("measured", "predicted")
        return rows.rename(columns={f"value.{k}": name for k, name in enumerate(pair) if name not in rows})

    def report(self, path: str | Path, *, figures: bool = True) -> Path:
        """Write the report's folder (`report.html`, `claims.json`, ...); the page's path.

        Raises:
            ValueError: when the folder cannot be written, or holds something else than an earlier report.
        """
        from verify.report.write import write_report

        return write_report(self, Path(path), figures=figures)[0]


def _claim_row(j: outcome.Judgement) -> dict[str, Any]:
    decision, scope = j.decision, j.scope
    return {
        "verdict": j.verdict,
        "grade": j.grade,
        "role": j.claim.role,
        "kind": j.claim.kind,
        "runs": decision.n_trials,
        "settings": j.n_settings,
        "measured": decision.measured,
        "predicted": decision.predicted,
        "p_value": decision.p_value,
        "adjusted_p": decision.adjusted_p,
        "power": decision.power,
        "needed": decision.needed,
        "alone": j.alone,
        "region": None if scope is None else scope.region,
        "coverage": None if scope is None else scope.coverage,
        "reason": decision.reason,
        "statement": j.claim.statement,
    }


def _run_row(o: outcome.Observation) -> dict[str, Any]:
    own = {"index": o.index, "replicate": o.replicate, "seed": o.seed, "engine": o.engine, "steps": o.steps}
    row = {**own, **{k: v for k, v in o.setting.as_dict().items() if k not in own}}
    row |= {f"label {name}": value for name, value in o.labels.items() if name not in row}
    return row | {"judged": o.not_judged is None, "not_judged": o.not_judged, **_values(o.value)}


def _values(value: Any) -> Mapping[str, Any]:
    from theory.resolved import Resolved
    from verify.sweep.measures import flattened

    if isinstance(value, Resolved):
        return {"value": value.value, "value_resolution": value.resolution}
    if isinstance(value, tuple | list) and any(isinstance(part, Resolved) for part in value):
        parts = [part.value if isinstance(part, Resolved) else part for part in value]
        return _values(tuple(parts))
    try:
        return flattened("value", value)
    except ValueError:
        return {"value": value}
