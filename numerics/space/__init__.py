"""Numbers in two and three effective dimensions as balls; spheres of any dimension; estimates above.

``in_space`` is the door for ``value``: the number of a mixture in D > 1 dimensions that is no product.
"""

from numerics.space.door import FEW_AXES, has_span, in_space
from numerics.space.numbers import Number

__all__ = ["FEW_AXES", "Number", "has_span", "in_space"]
