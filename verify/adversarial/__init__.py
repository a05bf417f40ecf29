"""Adversarial runs: a claim whose answer no change of its run moves could not have failed.

`measure` is asked again about runs that never were: a run with another run's setting, with another run's
numbers, with the entries of its arrays permuted, its records in reverse order, its numbers at the ends of the
range seen, with every number off by 1e-3, squared in size or on another scale, runs of engines that are wrong
in one place, and the run stopped early.
A claim that none of these breaks says nothing of the runs: "error <= 1", a consequence of how the quantity is
defined, a constant.
"""

from verify.adversarial.adversary import Adversary, Replay
from verify.adversarial.numbers import changed, leaves
from verify.adversarial.others import Others

__all__ = ["Adversary", "Others", "Replay", "changed", "leaves"]
