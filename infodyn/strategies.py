"""Hypothesis strategies for your own tests.

>>> from hypothesis import given
>>> import infodyn as idn
>>> from infodyn.strategies import laws, points, use_ci_profile
>>> @given(laws(D=1))
... def test_my_bound(law):
...     rate = idn.value("bandwidth", law, "ve", at="sigma=1", digits=6)
...     assert float(rate.value) >= 0
>>> test_my_bound()  # doctest: +SKIP

What is drawn is exact and shrinks; a failure prints the law and the process as ``--law`` and ``--process`` take them.
``use_ci_profile()`` in ``conftest.py`` makes every run draw the same examples. The property campaign of ``verify``
draws from these strategies too.
"""

from proofs_checks.instances_random import instances
from proofs_checks.strategies import (
    covariances,
    delta_laws,
    gaussian_laws,
    germs,
    laws,
    mixture_laws,
    points,
    polynomial_fields,
    processes,
    product_laws,
    ratios,
    times,
    use_ci_profile,
    weights,
)

__all__ = [
    "covariances", "delta_laws", "gaussian_laws", "germs", "instances", "laws", "mixture_laws", "points", "processes",
    "product_laws", "ratios", "polynomial_fields", "times", "use_ci_profile", "weights",
]  # fmt: skip
