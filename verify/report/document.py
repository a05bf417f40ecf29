"""The report's content, free of its format: what HTML and Markdown both show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from theory.condition import Condition, Constants
from verify.jsonable import jsonable
from verify.outcome import Judgement, Verification
from verify.report.wording import show
from verify.statistics.trials import count

__all__ = [
    "checked_sentence",
    "constants_text",
    "counterexample_rows",
    "judged_sentence",
    "run_rows",
    "statistic_rows",
    "statistic_tables",
    "title_of",
]

_NAMES = {
    "runs": "training runs",
    "gradient_steps": "gradient steps",
    "wall_seconds": "wall time (s)",
    "device_name": "processor",
    "git_commit": "git commit",
    "jobs": "worker processes",
}


def title_of(verification: Verification) -> str:
    """The papers whose claims were checked, the most cited first; other sources where there is none."""
    stated = Counter(j.claim.source.paper for j in verification.judgements if j.claim.provenance == "paper")
    papers = stated or Counter(j.claim.source.paper for j in verification.judgements)
    return "; ".join(paper for paper, _ in papers.most_common()) or "no claims"


def checked_sentence(verification: Verification) -> str:
    """What was checked, in one or two sentences."""
    info = verification.run_info
    judgements = verification.judgements
    probes = sum(j.claim.is_probe for j in judgements)
    experiments = {o.experiment for j in judgements for o in j.judged}
    runs = info.get("runs")
    if runs is None:
        runs = len({(o.experiment, o.index) for j in judgements for o in j.judged})
    tags = {
        tag: sum(j.claim.provenance == tag for j in judgements) for tag in ("paper", "framework", "derived")
    }
    origin = ", ".join(
        f"{number} {words}"
        for number, words in zip(
            tags.values(),
            ("stated by the paper", "from the framework it builds on", "derived here"),
            strict=True,
        )
        if number
    )
    probe = f" {probes} of them are probes, judged outside a condition on purpose." if probes else ""
    made = f" They were judged on {runs} training runs in {len(experiments)} experiments."
    return f"{len(judgements)} claims ({origin}).{probe}{made}"


def constants_text(conditions: Iterable[Condition], constants: Constants) -> str:
    """The values of the constants that these conditions contain."""
    free = {s.name for c in conditions for s in (c.large.free_symbols | c.small.free_symbols)}
    return ", ".join(f"{name} = {show(value)}" for name, value in constants.values.items() if name in free)


def run_rows(info: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Versions, seeds and device as rows of name and value; nested mappings are spread out."""
    rows: list[tuple[str, str]] = []
    for name, value in info.items():
        label = _NAMES.get(name, name.replace("_", " "))
        if isinstance(value, Mapping):
            rows += [(f"{label}: {key}", show(item)) for key, item in value.items()]
        else:
            rows.append((label, show(value)))
    return rows


def judged_sentence(judgement: Judgement) -> str:
    """How much the verdict rests on."""
    return (
        f"{len(judgement.judged)} of {count(len(judgement.observations), 'run')},"
        f" {count(judgement.n_settings, 'setting')},"
        f" {count(judgement.decision.n_trials, 'independent trial')}"
    )


def statistic_rows(judgement: Judgement) -> list[tuple[str, str]]:
    """Everything the rule computed, as rows of name and value, without tables and empty lists."""
    return [
        (name.replace("_", " "), show(value))
        for name, value in judgement.decision.statistic.items()
        if not _is_table(value) and jsonable(value) != []
    ]


def statistic_tables(judgement: Judgement) -> list[tuple[str, list[str], list[list[str]]]]:
    """The tables among what the rule computed: name, head and rows."""
    return [
        (name.replace("_", " "), list(value[0]), [[show(cell) for cell in row.values()] for row in value])
        for name, value in judgement.decision.statistic.items()
        if _is_table(value)
    ]


def _is_table(value: Any) -> bool:
    """A list of mappings with the same keys."""
    return (
        isinstance(value, (list, tuple))
        and len(value) > 0
        and all(isinstance(row, Mapping) and row.keys() == value[0].keys() for row in value)
    )


def counterexample_rows(judgement: Judgement) -> list[tuple[str, str]]:
    """The counterexample's setting, groups, seed and value; empty without one."""
    example = judgement.counterexample
    if example is None:
        return []
    return [
        ("setting", ", ".join(f"{k} = {show(v)}" for k, v in example.setting.as_dict().items())),
        ("groups", ", ".join(f"{k} = {show(v)}" for k, v in example.setting.groups().items())),
        ("seed", str(example.seed)),
        ("engine", example.engine),
        ("value", show(example.value)),
    ]
