"""Which runs are made. Numbers of runs: quick, default, full."""

from __future__ import annotations

from typing import Any

from theory.experiment import Experiment
from theory.label_noise_sgd import boxes
from theory.label_noise_sgd.net_settings import DeepSetting, NotebookSetting
from theory.label_noise_sgd.options import LinearOptions
from theory.label_noise_sgd.setting import LinearSetting
from theory.place import Cells, Place, fixed

__all__ = [
    "ADIABATICITY",
    "ANNEALED",
    "ANY_BATCH",
    "CHI_LARGE",
    "COLLAPSE",
    "COLLAPSE_BEYOND",
    "CROSSOVER",
    "DECAY",
    "DEEP",
    "DEEP_TANH",
    "DROP",
    "ESCAPE",
    "EXPONENTS",
    "FORCED",
    "FORCED_CHAIN",
    "FULL_BATCH",
    "IDENTITIES",
    "INSIDE",
    "LARGE_START",
    "NARROW",
    "NOISELESS",
    "NOTEBOOK",
    "NO_ALIGNMENT",
    "OFF_SPAN",
    "ONE_STEP",
    "ONE_STEP_DATA",
    "OSCILLATION",
    "OUTSIDE",
    "PAST_EDGE",
    "PERIODIC",
    "README",
    "README_SETTING",
    "RELU",
    "RELU_END",
    "REST",
    "REST_SPECTRUM",
    "RICH",
    "RICH_ONE",
    "SAM",
    "SAM_BIG_STEP",
    "SAM_FULL",
    "SAM_NOISE",
    "SAM_PLAIN",
    "SAM_REST",
    "SAM_STEPS",
    "SAM_STEPS_PLAIN",
    "SINGLE_NEURON",
    "SMALL_START",
    "SPECTRUM",
    "STATIC",
    "STATIC_DESCENT",
    "STATIONARY",
    "WEIGHT_DECAY",
]

#: The released code's synthetic setting: 200 standard normal samples, m = 1000, d = 20, eta = .001, noise 4.
README_SETTING = LinearSetting(m=1000, d=20, eta=1e-3, sigma=4.0, n=200)


def _e(
    name: str,
    place: Place,
    runs: tuple[int, int, int],
    clock: float | None = None,
    engine: str = "compressed",
    **options: Any,
) -> Experiment:
    return Experiment(
        f"label_noise_sgd.{name}",
        place=place,
        runs=dict(zip(("quick", "default", "full"), runs, strict=True)),
        clock=clock,
        engines=(engine,),
        # Runs of 10^6 steps are normal here, and compiled.
        max_steps=10**9,
        options=LinearOptions(**options),
    )


# -- identities -------------------------------------------------------------------------------------------
IDENTITIES = _e("identities", boxes.ONE_STEP, (32, 60, 120), engine="full", records=20, steps=400)
SAM_STEPS = _e("sam_steps", boxes.SAM_STEP, (8, 60, 120), engine="sam_steps", steps=60)
SAM_STEPS_PLAIN = _e(
    "sam_steps_plain", boxes.SAM_STEP, (0, 60, 120), engine="sam_steps", steps=60, normalised=False
)
ONE_STEP = _e("one_step", boxes.FROZEN, (0, 40, 120), engine="frozen", draws=40_000, steps=1)
ONE_STEP_DATA = _e("one_step_data", boxes.FROZEN_DATA, (0, 40, 120), engine="frozen", draws=40_000, steps=1)
SINGLE_NEURON = _e("single_neuron", boxes.FROZEN_ONE, (0, 600, 1500), engine="frozen", draws=4000, steps=1)
ANY_BATCH = _e(
    "any_batch", boxes.FROZEN, (0, 600, 1500), engine="frozen", draws=4000, steps=1, start="solved"
)
STATIONARY = _e("stationary", boxes.RICH_ONE, (0, 24, 60), 40.0, start="rich", records=2, moments=0.2)

# -- the lazy regime --------------------------------------------------------------------------------------
NOISELESS = _e("noiseless", boxes.NOISELESS, (8, 60, 120), 0.4, population=True, records=40)
DECAY = _e("decay", boxes.LAZY, (15, 30, 90), 2.6, records=150)
DROP = _e("drop", boxes.LAZY, (0, 24, 60), 0.3, records=60, moments=0.0)
ESCAPE = _e("escape", boxes.NEAR_EDGE, (0, 200, 400), 0.35, records=300)
SPECTRUM = _e("spectrum", boxes.SPECTRUM, (0, 20, 60), 1.0)
FULL_BATCH = _e("full_batch", boxes.FULL_BATCH, (0, 16, 48), 2.0, full_batch=True)
OFF_SPAN = _e("off_span", boxes.DATA, (0, 60, 120), 1.0)
CROSSOVER = _e("crossover", boxes.CROSSOVER, (0, 40, 90), 5.0, records=400)
OSCILLATION = _e("oscillation", boxes.PERIODIC, (0, 24, 60), 0.8, moments=0.875)
PERIODIC = _e("periodic", boxes.PERIODIC, (0, 20, 60), 0.3, periods=5, records=60)
INSIDE = _e("inside", boxes.STABLE, (32, 60, 200), steps=3000)
OUTSIDE = _e("outside", boxes.UNSTABLE, (32, 60, 200), steps=3000)
FORCED = _e("forced", boxes.FORCED, (16, 24, 60), 24.0, engine="forced", imposed="gaussian")
FORCED_CHAIN = _e("forced_chain", boxes.CHAIN, (0, 24, 60), 6.0, engine="forced", imposed="chain")
STATIC = _e("static", boxes.STATIC, (0, 20, 60), 0.7, static=True)
STATIC_DESCENT = _e("static_descent", boxes.STATIC, (0, 10, 30), 0.05, static=True, full_batch=True)

# -- the rich regime --------------------------------------------------------------------------------------
RICH = _e("rich", boxes.RICH, (15, 24, 72), 5.3, records=260)
WEIGHT_DECAY = _e("weight_decay", boxes.RICH_SMALL, (0, 20, 60), 4.0, decay=True, records=200)
REST = _e("rest", boxes.RICH_SMALL, (0, 32, 90), 15.0, off=20.0)
REST_SPECTRUM = _e("rest_spectrum", boxes.REST_SPECTRUM, (0, 16, 48), 15.0, off=20.0, along="even")
ANNEALED = _e("annealed", boxes.ANNEALED, (0, 16, 48), 16.0)
RICH_ONE = _e("rich_one", boxes.RICH_ONE, (0, 24, 72), 170.0, start="rich", records=20)
EXPONENTS = _e("exponents", boxes.RICH_ONE, (0, 16, 48), 60.0, start="rich", records=60, frame=20)
SMALL_START = _e("small_start", boxes.SMALL_START, (8, 20, 60), 70.0, population=True, records=1500)
README = _e("readme", fixed(README_SETTING), (0, 8, 24), 9.6, arms="noiseless")
ADIABATICITY = _e(
    "adiabaticity",
    Cells(
        "README size",
        tuple(({"target": T}, README_SETTING.with_(target=T)) for T in (1.0, 3.0)),
    ),
    (0, 8, 24),
    48.0,
    off=20.0,
)
NO_ALIGNMENT = _e("no_alignment", fixed(README_SETTING.with_(target=1000**-0.25)), (0, 8, 24), 24.0)

# -- sharpness-aware minimisation -------------------------------------------------------------------------
SAM = _e("sam", boxes.SAM, (0, 20, 60), 5.0, records=250)
SAM_REST = _e("sam_rest", boxes.SAM_REST, (8, 20, 60), 14.0)
SAM_FULL = _e("sam_full", boxes.SAM_FULL, (0, 12, 36), 54.0, population=True, records=400)
SAM_NOISE = _e("sam_noise", boxes.SAM_NOISE, (0, 20, 60), 80.0, records=200)
SAM_PLAIN = _e("sam_plain", boxes.SAM_PLAIN, (0, 8, 30), 400.0, normalised=False)
COLLAPSE = _e("collapse", boxes.COLLAPSE, (8, 60, 120), 300.0, start="rich", records=20)
COLLAPSE_BEYOND = _e("collapse_beyond", boxes.COLLAPSE_BEYOND, (0, 60, 120), 300.0, start="rich", records=20)

# -- beyond the conditions --------------------------------------------------------------------------------
CHI_LARGE = _e("chi_large", boxes.CHI_LARGE, (0, 16, 48), 10.0)
PAST_EDGE = _e("past_edge", boxes.PAST_EDGE, (0, 60, 200), steps=3000)
NARROW = _e("narrow", boxes.NARROW, (0, 40, 120), 1.2, records=60)
SAM_BIG_STEP = _e("sam_big_step", boxes.SAM_BIG_STEP, (0, 20, 60), 60.0, records=200)
LARGE_START = _e("large_start", boxes.LARGE_START, (0, 20, 60), 70.0, population=True, records=1500)

# -- beyond two linear layers -----------------------------------------------------------------------------
RELU = _e("relu", boxes.RELU, (32, 60, 120), 1.0, engine="relu", records=50)
RELU_END = _e("relu_end", boxes.RELU_END, (0, 32, 90), 16.0, engine="relu")


def _nets(activations: tuple[str, ...]) -> Cells:
    cells = []
    for activation in activations:
        for loss in ("mse", "ce"):
            labels = {"activation": activation, "loss": loss}
            cells.append((labels, DeepSetting(10, 30, 20, 3, 4, 0.05, activation, loss)))
    return Cells(" and ".join(activations), tuple(cells))


DEEP = Experiment(
    "label_noise_sgd.deep",
    place=_nets(("relu", "leaky")),
    runs={"quick": 0, "default": 15, "full": 30},
    clock=60.0,
)
DEEP_TANH = Experiment(
    "label_noise_sgd.deep_tanh",
    place=_nets(("tanh",)),
    runs={"quick": 0, "default": 30, "full": 60},
    clock=60.0,
)
NOTEBOOK = Experiment(
    "label_noise_sgd.notebook",
    place=fixed(NotebookSetting(n=20, inputs=512, width=96, classes=10, p=0.5, eta=6e-3)),
    runs={"quick": 0, "default": 15, "full": 30},
    clock=5000.0,
)
