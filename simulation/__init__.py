"""Training the two-layer CNN: data, three engines, trajectories. Imported lazily: torch is slow to load."""

from __future__ import annotations

from theory.lazy import lazy_exports

_EXPORTS = {
    "CheckResult": "simulation.conformance.result",
    "ConformanceError": "simulation.conformance.result",
    "ConformanceReport": "simulation.conformance.result",
    "Engine": "simulation.two_stage.conformance.engine",
    "EngineResult": "simulation.two_stage.conformance.engine",
    "Geometry": "simulation.two_stage.geometry",
    "LawEngine": "simulation.two_stage.conformance.law_engine",
    "LossAtMost": "simulation.two_stage.stopping",
    "MeasuredRun": "simulation.two_stage.run",
    "Memorised": "simulation.two_stage.stopping",
    "NoisyFit": "simulation.two_stage.stopping",
    "Problem": "simulation.two_stage.problem",
    "StepLimit": "simulation.two_stage.stopping",
    "Trajectory": "simulation.two_stage.trajectory",
    "TwoLayerCNN": "simulation.two_stage.cnn",
    "cnn_engine": "simulation.two_stage.conformance.engine",
    "derive_seed": "theory.rng",
    "draw_geometry": "simulation.two_stage.geometry",
    "generator": "theory.rng",
    "geometry_of": "simulation.two_stage.geometry",
    "realise": "simulation.two_stage.realise",
    "reduced_engine": "simulation.two_stage.conformance.engine",
    "resolve_device": "simulation.device",
    "run_engine_conformance": "simulation.two_stage.conformance.suite",
    "run_law_conformance": "simulation.two_stage.conformance.law_engine",
    "sample_problem": "simulation.two_stage.problem",
    "train": "simulation.two_stage.training",
    "train_many": "simulation.two_stage.training",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
