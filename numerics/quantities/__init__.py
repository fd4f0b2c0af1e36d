"""Quantities with guaranteed digits: the ``value`` command's numbers."""

from numerics.quantities.values import QUANTITIES, QuantityError, Value, term_value, value

__all__ = ["QUANTITIES", "QuantityError", "Value", "term_value", "value"]
