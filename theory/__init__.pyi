"""The mathematics: settings, conditions, claims and the symbolic derivations behind them."""

from theory.claim import Claim as Claim
from theory.claim import Prediction as Prediction
from theory.claim import Proof as Proof
from theory.condition import Condition as Condition
from theory.condition import ConditionCheck as ConditionCheck
from theory.condition import Constants as Constants
from theory.constant import Constant as Constant
from theory.coordinate import Coordinate as Coordinate
from theory.exhibit import Exhibit as Exhibit
from theory.exhibit import Panel as Panel
from theory.exhibit import Series as Series
from theory.experiment import Experiment as Experiment
from theory.falsehood import Falsehood as Falsehood
from theory.falsehood import altered as altered
from theory.item import Item as Item
from theory.ledger import Ledger as Ledger
from theory.ledger import builtin_ledger as builtin_ledger
from theory.letters import Entry as Entry
from theory.model import Model as Model
from theory.model import function_model as function_model
from theory.paper import Paper as Paper
from theory.paper import find_papers as find_papers
from theory.paper import load_paper as load_paper
from theory.parameters import Parameter as Parameter
from theory.parameters import Parameters as Parameters
from theory.place import Box as Box
from theory.place import Cells as Cells
from theory.place import Joined as Joined
from theory.place import along as along
from theory.place import fixed as fixed
from theory.plane import Axis as Axis
from theory.plane import Boundary as Boundary
from theory.plane import LevelSet as LevelSet
from theory.plane import Plane as Plane
from theory.plane import PlaneQuantity as PlaneQuantity
from theory.quantity import Quantity as Quantity
from theory.question import Comparison as Comparison
from theory.question import Curve as Curve
from theory.question import OfCurve as OfCurve
from theory.question import Part as Part
from theory.question import Question as Question
from theory.record import AtClocks as AtClocks
from theory.record import EveryStep as EveryStep
from theory.record import Geometric as Geometric
from theory.resolved import Resolved as Resolved
from theory.rules import Band as Band
from theory.rules import Bound as Bound
from theory.rules import Calibration as Calibration
from theory.rules import Derived as Derived
from theory.rules import Difference as Difference
from theory.rules import Event as Event
from theory.rules import EventMap as EventMap
from theory.rules import Exponent as Exponent
from theory.rules import FittedBand as FittedBand
from theory.rules import Identity as Identity
from theory.rules import Law as Law
from theory.rules import Ordering as Ordering
from theory.rules import Rule as Rule
from theory.rules import SameLaw as SameLaw
from theory.rules import SameRun as SameRun
from theory.rules import Universal as Universal
from theory.rules import UniversalBound as UniversalBound
from theory.rules import ZScores as ZScores
from theory.run import Estimate as Estimate
from theory.run import NotApplicable as NotApplicable
from theory.run import Run as Run
from theory.setting import AbstractSetting as AbstractSetting
from theory.setting import Trends as Trends
from theory.source import Reference as Reference
from theory.source import Source as Source
from theory.table import Table as Table
from theory.two_stage.box import Domain as Domain
from theory.two_stage.box import Fixed as Fixed
from theory.two_stage.box import Grid as Grid
from theory.two_stage.box import Sweep as Sweep
from theory.two_stage.decay.setting import DecayedSetting as DecayedSetting
from theory.two_stage.schedule import Schedule as Schedule
from theory.two_stage.setting import Setting as Setting
from theory.two_stage.variation import Variation as Variation

__all__ = [
    "AbstractSetting",
    "AtClocks",
    "Axis",
    "Band",
    "Bound",
    "Boundary",
    "Box",
    "Calibration",
    "Cells",
    "Claim",
    "Comparison",
    "Condition",
    "ConditionCheck",
    "Constant",
    "Constants",
    "Coordinate",
    "Curve",
    "DecayedSetting",
    "Derived",
    "Difference",
    "Domain",
    "Entry",
    "Estimate",
    "Event",
    "EventMap",
    "EveryStep",
    "Exhibit",
    "Experiment",
    "Exponent",
    "Falsehood",
    "FittedBand",
    "Fixed",
    "Geometric",
    "Grid",
    "Identity",
    "Item",
    "Joined",
    "Law",
    "Ledger",
    "LevelSet",
    "Model",
    "NotApplicable",
    "OfCurve",
    "Ordering",
    "Panel",
    "Paper",
    "Parameter",
    "Parameters",
    "Part",
    "Plane",
    "PlaneQuantity",
    "Prediction",
    "Proof",
    "Quantity",
    "Question",
    "Reference",
    "Resolved",
    "Rule",
    "Run",
    "SameLaw",
    "SameRun",
    "Schedule",
    "Series",
    "Setting",
    "Source",
    "Sweep",
    "Table",
    "Trends",
    "Universal",
    "UniversalBound",
    "Variation",
    "ZScores",
    "along",
    "altered",
    "builtin_ledger",
    "find_papers",
    "fixed",
    "function_model",
    "load_paper",
]
