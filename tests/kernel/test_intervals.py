from fractions import Fraction as Q

import mpmath
import pytest

from theory.kernel.errors import KernelError
from theory.kernel.witness import intervals
from theory.kernel.witness.intervals import Interval, as_interval

VALUES = [Q(1, 3), Q(-7, 2), Q(50), Q(-300, 7), Q(1, 10**9), Q(1000001, 1000000), Q(2), Q(10) ** 30, Q(1, 10**30)]


def encloses(enclosure, true):
    lo = mpmath.mpf(enclosure.lo.numerator) / enclosure.lo.denominator
    hi = mpmath.mpf(enclosure.hi.numerator) / enclosure.hi.denominator
    width = (hi - lo) / max(abs(true), mpmath.mpf(10) ** -40)
    return lo <= true <= hi and width < mpmath.mpf(2) ** -120


@pytest.mark.parametrize("value", VALUES)
def test_elementary_functions_are_enclosed_tightly(value):
    with mpmath.workprec(400):
        real = mpmath.mpf(value.numerator) / value.denominator
        if abs(value) < 1000:
            assert encloses(intervals.exp(value), mpmath.exp(real))
        if value > 0:
            assert encloses(intervals.log(value), mpmath.log(real))
            assert encloses(intervals.sqrt(value), mpmath.sqrt(real))


def test_pi_is_enclosed():
    with mpmath.workprec(400):
        assert encloses(intervals.pi(), +mpmath.pi)


def test_point_arithmetic_stays_exact():
    third = as_interval(Q(1, 3))
    assert (third * 3 + Q(1, 7) - 1).lo == Q(1, 7)
    assert intervals.sqrt(Q(9, 4)).is_point
    assert intervals.exp(0).is_point


def test_operations_enclose_every_combination_of_members():
    u, v = Interval(Q(-2), Q(3)), Interval(Q(1, 2), Q(5))
    members = [(Q(a, 4), Q(b, 4)) for a in range(-8, 13) for b in range(2, 21)]
    for a, b in members:
        assert a + b in u + v
        assert a * b in u * v
        assert a / b in u / v
        assert a**2 in u**2
        assert a**3 in u**3
    assert (u**2).lo == 0
    assert u.sign() is None
    assert v.sign() == 1


def test_the_printed_ball_contains_the_interval():
    from decimal import Decimal

    for value in (intervals.exp(-2000), intervals.log(Q(7, 3)), -intervals.pi(), Interval(Q(-1, 3), Q(1, 7))):
        middle, radius = (Q(Decimal(part)) for part in str(value).split(" +/- "))
        assert middle - radius <= value.lo <= value.hi <= middle + radius
        assert radius <= value.width + abs(middle) * Q(1, 10**18)
    assert str(as_interval(Q(2, 3))) == "2/3"


def test_what_has_no_value_is_refused():
    with pytest.raises(KernelError):
        Interval(Q(-1), Q(1)).inverse()
    with pytest.raises(KernelError):
        intervals.log(0)
    with pytest.raises(KernelError):
        intervals.sqrt(-1)
    with pytest.raises(KernelError):
        Interval(Q(1), Q(0))
