"""The landscape log p_t: fixed points, their bifurcations, and diagrams, all certified.

``fixed_points`` counts all zeros of the score at a noise level, ``critical`` finds where they meet, and
``bifurcation_diagram`` follows them in between.
"""

from numerics.landscape.critical import Critical, Criticals
from numerics.landscape.diagram import Diagram, bifurcation_diagram
from numerics.landscape.fixed_points import FixedPoint, FixedPoints, fixed_points
from numerics.landscape.transitions import critical

__all__ = [
    "Critical", "Criticals", "Diagram", "FixedPoint", "FixedPoints", "bifurcation_diagram", "critical", "fixed_points",
]  # fmt: skip
