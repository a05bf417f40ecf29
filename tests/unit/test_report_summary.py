"""Findings, headline, reasons and regimes of the report."""

from __future__ import annotations

import re
from dataclasses import replace

from report_cases import by_id

from theory.source import Source
from verify.outcome import Verification
from verify.region import Scope
from verify.report.claims import reproduce
from verify.report.regimes import regimes
from verify.report.summary import findings, headline, not_judged, verdict_counts


def test_findings_group_probes_apart_from_failures(verification: Verification) -> None:
    found = {f.claim_id: f.group for f in findings(verification)}
    assert found["zoo.probe.needed"] == "Conditions that are needed"
    assert found["zoo.theorem_4_1.order"] == "Refuted inside their conditions"
    assert found["zoo.exponent.few"] == "Undecided"
    assert found.keys().isdisjoint({"zoo.lemma.norms", "zoo.nowhere"})
    probe = by_id(verification, "zoo.probe.not_needed")
    holds = replace(probe, decision=replace(probe.decision, verdict="supported"))
    (finding,) = findings(Verification((holds,), (), {}))
    assert finding.group == "Conditions that were not needed"
    assert "Outside dimension" in finding.text


def test_headline_counts_probes_apart(verification: Verification) -> None:
    probes = tuple(j for j in verification.judgements if j.claim.is_probe)
    assert headline(Verification(probes, (), {})) == (
        "Expected to fail: 1 of 2 probes (a condition left out on purpose) did."
    )
    failed = sum(j.fails_verification for j in verification.judgements)
    counts = map(int, re.findall(r"(\d+) fails? (?:as printed|inside)", headline(verification)))
    assert sum(counts) == failed == 4
    assert verdict_counts(verification)["refuted"] == 5


def test_the_headline_adds_up_and_says_inside_only_of_drawn_settings(verification: Verification) -> None:
    one = by_id(verification, "zoo.theorem_4_1.order")
    proved = replace(one, observations=(), decision=replace(one.decision, verdict="derived"))
    good = replace(one, decision=replace(one.decision, verdict="supported"))
    drawn = replace(good, scope=Scope("conditions", 1.0, "all"))
    own = replace(good, scope=Scope("box", 0.2, "a box"))
    text = headline(Verification((proved, drawn, own, own), (), {}))
    assert text.startswith(
        "Of the 4 statements printed in the paper 4 hold (1 on settings drawn from their conditions, 2 on "
        "ranges or settings that their author chose, 1 by algebra) and none fails as printed."
    )
    assert headline(Verification((own,), (), {})).startswith(
        "Of the 1 statement printed in the paper 1 holds, on ranges or settings that their author chose and "
        "none fails as printed."
    )
    ours = replace(own, claim=replace(own.claim, provenance="derived"))
    lost = replace(ours, claim=replace(ours.claim, role="reading", corrected_by="zoo.x"))
    lost = replace(lost, decision=replace(lost.decision, verdict="refuted"))
    assert headline(Verification((ours, lost), (), {})).startswith(
        "Of the 1 claim 1 holds, on ranges or settings that their author chose and none fails inside "
        "the conditions. Expected to fail: 1 of 1 reading (not printed in so many words) did."
    )
    assert not re.search(r"-\d", text)
    assert "met no setting" not in text
    assert "have no runs" not in text


def test_with_places_drawn_from_conditions_the_headline_says_so(verification: Verification) -> None:
    one = by_id(verification, "zoo.theorem_4_1.order")
    good = replace(one, decision=replace(one.decision, verdict="supported"))
    part = replace(good, scope=Scope("conditions", 0.3, "its conditions", drawn=True))
    swept = replace(good, scope=Scope("cells", None, "sweep of n around 8 settings", drawn=True))
    stayed = replace(good, scope=Scope("cells", None, "a grid"))
    text = headline(Verification((part, swept, swept, stayed), (), {}))
    assert text.startswith(
        "Of the 4 statements printed in the paper 4 hold (1 on settings drawn from their conditions, 2 on "
        "sweeps around such settings, 1 on ranges or settings that their author chose)"
    )
    # A part of the conditions is no more than a box, whoever drew from it.
    assert part.scope is not None
    assert part.scope.word == "on its box"
    info = {"profile": "quick", "seed": 1, "place": "conditions"}
    command = reproduce(part, info)
    assert "--place conditions" in command
    assert "--place" not in reproduce(part, {**info, "place": "own"})


def test_an_item_with_a_slash_is_not_cut(verification: Verification) -> None:
    from verify.report.context import _items

    one = by_id(verification, "zoo.theorem_4_1.order")
    source = Source("zoo", "O(1/(eta sigma)), made exact")
    told = replace(one, claim=replace(one.claim, source=source, provenance="derived"))
    page = Source("zoo", "docs/derivations/limits.md, Stage I")
    paged = replace(one, claim=replace(one.claim, id="zoo.page", source=page, provenance="derived"))
    assert list(_items(Verification((told, paged), (), {}))) == [source.item, "limits.md, Stage I"]


def test_not_judged_reasons_are_pooled_with_their_range(verification: Verification) -> None:
    judgement = by_id(verification, "zoo.theorem_4_1.paper_box")
    reasons = not_judged(judgement)
    assert sum(reasons.values()) == len(judgement.observations) - len(judgement.judged)
    assert len(reasons) == 2
    assert all(re.search(r"by a factor [\d.]+ to [\d.]+$", reason) for reason in reasons)


def test_regimes_tell_the_papers_conditions_everywhere(verification: Verification) -> None:
    found = {r.experiment: r for r in regimes(verification)}
    assert set(found["zoo.sweep_eta"].conditions) == {"small initialisation", "dimension", "width"}
    assert found["zoo.sweep_eta"].conditions["dimension"].share == "all inside"
    assert found["zoo.unused"].conditions["width"].share == "none inside"
    box = found["zoo.box"]
    settings = {o.setting for o in by_id(verification, "zoo.lemma.norms").observations}
    assert box.conditions["small initialisation"].inside == sum(s.kappa_0 <= 1 for s in settings)
    assert box.settings == len(settings)
    kappas = [s.kappa_0 for s in settings]
    assert box.ranges["kappa_0"] == f"{min(kappas):.3g} to {max(kappas):.3g}"
    assert set(box.ranges) >= {"n", "m", "d", "n_snr2", "tau_plus", "tau_minus", "clock_step", "iota"}
    assert "zoo.empty" not in found


def test_a_range_says_words_and_fields_where_there_are_no_groups() -> None:
    from dataclasses import dataclass

    from theory.setting import AbstractSetting
    from verify.report.regimes import ranges

    @dataclass(frozen=True)
    class Net(AbstractSetting):
        width: int
        rate: float
        data: str

    found = ranges([Net(4, 0.1, "b"), Net(8, 0.1, "a")])
    assert found == {"width": "4 to 8", "rate": "0.1", "data": "a, b"}
