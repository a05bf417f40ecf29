"""Training the two-layer CNN: data, three engines, trajectories. Imported lazily: torch is slow to load."""

from simulation.conformance.result import CheckResult as CheckResult
from simulation.conformance.result import ConformanceError as ConformanceError
from simulation.conformance.result import ConformanceReport as ConformanceReport
from simulation.device import resolve_device as resolve_device
from simulation.two_stage.cnn import TwoLayerCNN as TwoLayerCNN
from simulation.two_stage.conformance.engine import Engine as Engine
from simulation.two_stage.conformance.engine import EngineResult as EngineResult
from simulation.two_stage.conformance.engine import cnn_engine as cnn_engine
from simulation.two_stage.conformance.engine import reduced_engine as reduced_engine
from simulation.two_stage.conformance.law_engine import LawEngine as LawEngine
from simulation.two_stage.conformance.law_engine import run_law_conformance as run_law_conformance
from simulation.two_stage.conformance.suite import run_engine_conformance as run_engine_conformance
from simulation.two_stage.geometry import Geometry as Geometry
from simulation.two_stage.geometry import draw_geometry as draw_geometry
from simulation.two_stage.geometry import geometry_of as geometry_of
from simulation.two_stage.problem import Problem as Problem
from simulation.two_stage.problem import sample_problem as sample_problem
from simulation.two_stage.realise import realise as realise
from simulation.two_stage.run import MeasuredRun as MeasuredRun
from simulation.two_stage.stopping import LossAtMost as LossAtMost
from simulation.two_stage.stopping import Memorised as Memorised
from simulation.two_stage.stopping import NoisyFit as NoisyFit
from simulation.two_stage.stopping import StepLimit as StepLimit
from simulation.two_stage.training import train as train
from simulation.two_stage.training import train_many as train_many
from simulation.two_stage.trajectory import Trajectory as Trajectory
from theory.rng import derive_seed as derive_seed
from theory.rng import generator as generator

__all__ = [
    "CheckResult",
    "ConformanceError",
    "ConformanceReport",
    "Engine",
    "EngineResult",
    "Geometry",
    "LawEngine",
    "LossAtMost",
    "MeasuredRun",
    "Memorised",
    "NoisyFit",
    "Problem",
    "StepLimit",
    "Trajectory",
    "TwoLayerCNN",
    "cnn_engine",
    "derive_seed",
    "draw_geometry",
    "generator",
    "geometry_of",
    "realise",
    "reduced_engine",
    "resolve_device",
    "run_engine_conformance",
    "run_law_conformance",
    "sample_problem",
    "train",
    "train_many",
]
