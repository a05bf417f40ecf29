"""What probes identify, and the interval of the flip rate on drawn scores."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.audit.rate import estimate_rate
from simulation.audit.stage import rank_auroc
from simulation.images.score_engines import draw_scores


@pytest.mark.parametrize("k", [2, 3, 10])
@pytest.mark.parametrize("t", [0.05, 0.2, 0.4])
def test_probes_hit_the_truth_and_rank_like_flips(k: int, t: float) -> None:
    """b = t/(k-1) and AUROC(probes) = 1/2 + (1 - t - b)(AUROC(flips) - 1/2): errors below 4 standard
    errors."""
    spoiled, identity = [], []
    for seed in range(200):
        d = draw_scores(2000, k, t, 300, 2.0, seed)
        spoiled.append(d["spoiled"] - t / (k - 1))
        both = np.concatenate([d["others"], d["probes"]])
        probe = np.arange(len(both)) >= len(d["others"])
        flips = rank_auroc(d["others"], d["noisy"])
        identity.append(rank_auroc(both, probe) - 0.5 - (1 - t - t / (k - 1)) * (flips - 0.5))
    for errors in (spoiled, identity):
        assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(len(errors))


def test_the_identity_check_notices_a_missing_term() -> None:
    errors = []
    for seed in range(200):
        d = draw_scores(2000, 2, 0.3, 300, 2.0, seed)
        both = np.concatenate([d["others"], d["probes"]])
        probe = np.arange(len(both)) >= len(d["others"])
        errors.append(rank_auroc(both, probe) - 0.5 - 0.7 * (rank_auroc(d["others"], d["noisy"]) - 0.5))
    assert abs(np.mean(errors)) > 20 * np.std(errors) / np.sqrt(len(errors))


@pytest.mark.parametrize("k", [2, 10])
@pytest.mark.parametrize("count", [50, 100, 400])
@pytest.mark.parametrize("t", [0.0, 0.05, 0.2, 0.4])
def test_the_interval_covers_on_drawn_scores(k: int, count: int, t: float) -> None:
    """Coverage at least .90 less three standard errors of 200 draws, at every cell."""
    hits = 0
    for seed in range(200):
        d = draw_scores(2000, k, t, count, 4.0, seed)
        rate = estimate_rate(d["others"], d["probes"], 2000, k, 1.645)
        hits += rate.low <= d["wrong"] <= rate.high
    assert hits / 200 >= 0.9 - 3 * np.sqrt(0.09 / 200)


def test_the_interval_is_no_wider_than_it_must_be() -> None:
    """With 400 probes at t = .2 the interval is narrower than .1: it can say something."""
    widths = []
    for seed in range(30):
        d = draw_scores(4000, 10, 0.2, 400, 4.0, seed)
        rate = estimate_rate(d["others"], d["probes"], 4000, 10, 1.645)
        widths.append(rate.high - rate.low)
    assert np.mean(widths) < 0.1


def test_an_interval_without_the_spoiled_probes_undercovers() -> None:
    """Conditional on how many probes are spoiled the error would look smaller than it is, for k = 2, t =
    .4."""
    errors = []
    for seed in range(300):
        d = draw_scores(2000, 2, 0.4, 100, 4.0, seed)
        rate = estimate_rate(d["others"], d["probes"], 2000, 2, 1.645)
        errors.append(np.log(dict(rate.profile)[1.0] / d["wrong"]))
    count, b, found = 100, 0.4, 0.977
    share = (1 - b) * found
    here = (1 - b) * np.sqrt((1 - share) / (share * count))
    without = np.sqrt((1 - found) / (found * count * (1 - b)))
    assert np.std(errors) == pytest.approx(here, rel=0.15)
    assert without < 0.5 * np.std(errors)


def test_no_caught_probe_is_no_rate() -> None:
    with pytest.raises(ValueError, match="no probe is caught"):
        estimate_rate(np.array([-1.0, 2.0]), np.array([-1.0, -2.0]), 4, 2, 1.645)
