"""Empirical laws: estimates with honest intervals on the exact posterior of a data set, and statements confronted."""

from numerics.empirical.confrontation import confront
from numerics.empirical.points import EmpiricalLaw, PointsError, law_of, load_points
from numerics.empirical.quantities import Estimate, value

__all__ = ["EmpiricalLaw", "Estimate", "PointsError", "confront", "law_of", "load_points", "value"]
