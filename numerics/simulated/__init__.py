"""The user's door to simulation: a quantity from the reverse SDE, held against the number that theory gives for it."""

from numerics.simulated.door import simulated
from numerics.simulated.plans import NAMES, SimulationError
from numerics.simulated.record import Simulated

__all__ = ["NAMES", "Simulated", "SimulationError", "simulated"]
