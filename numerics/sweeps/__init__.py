"""Quantities over many noise levels in float64: fast, with error estimates, never a verdict."""

from numerics.sweeps.door import Sweep, level_range, sweep

__all__ = ["Sweep", "level_range", "sweep"]
