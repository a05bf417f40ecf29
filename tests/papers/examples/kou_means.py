"""Makes `kou_means.csv`: mean test errors by the oracle's network, on real patches orthogonal to the signal.

The published heat map of Kou et al. 2023 is a picture without its numbers, so the table that the example is
compared with is made here, by a program that shares no code with the engines:
`python -m papers.examples.kou_means` in the folder `tests`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from oracle.numpy_cnn import SIDES, make_data, outputs, train

TABLE = Path(__file__).with_name("kou_means.csv")
N, M, TAU, KAPPA_0, STEP, CLOCK = 16, 6, 0.1, 0.1, 0.1, 10
RUNS, FRESH = 40, 2000


def one_error(d: int, norm: float, seed: int) -> float:
    """Share of wrong predictions of the true label, noise of training and test without its part along mu."""
    rng = np.random.default_rng(seed)
    data = make_data(
        rng, N, d, M, sigma_xi=1.0, signal_norm=norm, flip_plus=TAU, flip_minus=TAU,
        sigma_0=KAPPA_0 * math.sqrt(N) / d,
    )  # fmt: skip
    axis = data.mu / norm
    data = replace(data, xi=data.xi - np.outer(data.xi @ axis, axis))
    steps = round(CLOCK / STEP)
    w = train(data, STEP * N * M / d, steps).weights[steps]
    y = rng.choice(SIDES, FRESH)
    noise = rng.standard_normal((FRESH, d))
    noise -= np.outer(noise @ axis, axis)
    return float(np.mean(y * outputs(w, y[:, None] * data.mu, noise) <= 0))


def rows() -> Iterator[dict[str, object]]:
    """A row a cell."""
    for d in (300, 600):
        for norm in (1.0, 3.0, 6.0):
            errors = [one_error(d, norm, 1000 * d + 100 * int(norm) + k) for k in range(RUNS)]
            given = {"n": N, "d": d, "m": M, "signal_norm": norm, "tau": TAU, "kappa_0": KAPPA_0}
            told = {"mean": round(np.mean(errors), 5), "standard_error": round(np.std(errors) / RUNS**0.5, 5)}
            yield {**given, "clock_step": STEP, "quantity": f"iid_error({CLOCK})", **told}


def main() -> None:
    """Write the table."""
    found = list(rows())
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.write(
            "# Made by kou_means.py beside it (an independent network, 40 runs a cell); not published.\n"
        )
        table = csv.DictWriter(file, list(found[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(found)


if __name__ == "__main__":
    main()
