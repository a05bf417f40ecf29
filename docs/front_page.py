"""The verdicts on README's front page, from a report: `python docs/front_page.py reports/latest`.

It replaces what stands between the two markers in README.md; nothing there is typed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- verdicts:begin -->", "<!-- verdicts:end -->"
_LONGEST = 150

#: What the front page shows of the first paper: item, words, claim.
ROWS = (
    (
        "coefficient recursion",
        "the gamma recursion (proved; autograd of the real network)",
        "recursion.gamma",
    ),
    ("coefficient recursion", "the rho recursion", "recursion.rho"),
    ("recursions", "gradient descent is a function of K, A(0) and the labels", "closure"),
    ("engines", "(K, A(0)) can be drawn in law, at any d", "law"),
    ("Lemma L5", "active filters stay active", "lemma.activation_persistence"),
    ("Lemma 5.1", "margins of clean samples, with an explicit o(1)", "lemma.margins_clean"),
    ("Lemma 5.2", "balance without label noise", "lemma.balance_derivatives"),
    ("Theorem 4.1", "at T_1 every clean sample is fit", "theorem_4_1.clean_fit"),
    (
        "Theorem 4.1",
        "every noisy sample has its true label, if n SNR^2 >= a*(n, tau)",
        "theorem_4_1.noisy_misfit",
    ),
    (
        "Theorem 4.1",
        "... for any n SNR^2 = Theta(1), read literally (reading)",
        "theorem_4_1.noisy_misfit.weak_signal",
    ),
    (
        "Theorem 4.1",
        "... below 0.7 a* it fails in more than 5 % of the runs",
        "theorem_4_1.noisy_misfit.below_threshold",
    ),
    ("Theorem 4.1", "... without d = Omega(n^2) (probe)", "theorem_4_1.noisy_misfit.low_dimension"),
    ("Theorem 4.1", "... outside the bound on sigma_0 (probe)", "theorem_4_1.noisy_misfit.large_init"),
    ("Theorem 4.1", "Stage I lasts Theta(n m/(eta sigma^2 d)) steps", "theorem_4_1.time_scale"),
    ("Theorem 4.1", "exponent of n in that time", "theorem_4_1.time_exponent.n"),
    ("Theorem 4.2", "the loss reaches eps", "theorem_4_2.training_loss"),
    ("Theorem 4.2", "noisy samples are memorised", "theorem_4_2.noisy_memorised"),
    ("Theorem 4.2", "D_test error >= min(realised rates)/2", "theorem_4_2.dtest_error"),
    (
        "Theorem 4.2",
        "... with nominal rates, however close (reading)",
        "theorem_4_2.dtest_error_nominal.equal_rates",
    ),
    ("Proposition 4.3", "the log 2 threshold separates exactly at T_1", "proposition_4_3.sample_selection"),
    ("Proposition 4.3", "early stopping: error <= exp(-d/(n C'))", "proposition_4_3.iid_error"),
    ("Theorem 4.4", "no second stage without label noise", "theorem_4_4.one_stage"),
    ("mean field", "t_half predicted with nothing fitted, z-scores", "sharp.t_half_law"),
    ("mean field", "t_all likewise, the maximum over the noisy samples", "sharp.t_all_law"),
    ("mean field", "ln of the iid error, kappa_0 up to 5", "sharp.iid_error"),
    ("limit dynamics", "loss constant of S3, harmonic p", "sharp.loss_constant"),
    ("certified", "certified bracket of every margin at every step", "certified.bracket"),
    ("practice", "stopping at 1.5 time units costs at most .02", "question.stop_at_clock"),
    ("practice", "... with weak signals and high rates it costs more", "question.wide.clock_costs"),
)


def section(records: list[dict[str, Any]], run: dict[str, Any]) -> str:
    """Between the markers: the first paper's table, then a line a paper, then the count of all."""
    by_id = {record["id"]: record for record in records}
    lines = [BEGIN, "| item | claim | verdict | region | evidence |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(item, words, by_id[f"two_stage.{id_}"]) for item, words, id_ in ROWS]
    lines += ["", "| paper | claims | supported | derived | refuted | inconclusive | not applicable |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for paper in dict.fromkeys(record["paper"] for record in records):
        mine = [record for record in records if record["paper"] == paper]
        count = Counter(record["verdict"] for record in mine)
        roles = Counter(record["role"] for record in mine if record["verdict"] == "refuted")
        refuted = ", ".join(f"{n} {role}s" if n > 1 else f"1 {role}" for role, n in sorted(roles.items()))
        lines.append(
            f"| {paper} | {len(mine)} | {count['supported']} | {count['derived']} | {refuted or 0} | "
            f"{count['inconclusive']} | {count['not-applicable']} |"
        )
    count = Counter(record["verdict"] for record in records)
    lines += [
        "",
        f"{len(records)} claims: {count['supported']} supported, {count['derived']} derived, "
        f"{count['refuted']} refuted, {count['inconclusive']} inconclusive, "
        f"{count['not-applicable']} not-applicable.",
        f"{run['profile'].capitalize()} profile, seed {run['seed']}, {run['runs']:,} runs.",
        "`make verify` shows all. A refuted *probe* names a condition that is needed; a refuted *reading* is",
        "a printed or tempting statement that fails, and names the claim that corrects it.",
        END,
    ]
    return "\n".join(lines)


def _row(item: str, words: str, record: dict[str, Any]) -> str:
    verdict = record["verdict"] + (f", {record['grade']}" if record.get("grade") else "")
    verdict = f"**{verdict}**" if record["verdict"] == "refuted" else verdict
    scope = record.get("scope") or {}
    coverage = scope.get("coverage")
    region = scope.get("region") or ""
    share = "" if coverage is None else "under 1 %" if coverage < 0.01 else f"{100 * coverage:.0f} %"
    region += share and f", {share} of its conditions"
    reason = " ".join(record["reason"].split())
    reason = reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST - 4].rsplit(' ', 1)[0]} ..."
    return f"| {item} | {words} | {verdict} | {region} | {reason.replace('|', '/')} |"


def main(folder: Path) -> None:
    """Write README's section from a report's folder."""
    records = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(before + section(records, run) + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
