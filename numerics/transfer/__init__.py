"""The transfer operator: averages over paths of the reverse SDE without sampling, in one and two reduced dimensions.

It simulates: it knows the scheme and the drift, not the law that the paths ought to have.
"""

from numerics.transfer.average import Averaged, Variance, average, averages
from numerics.transfer.routing import Route, route

__all__ = ["Averaged", "Route", "Variance", "average", "averages", "route"]
