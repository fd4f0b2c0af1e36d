"""The bounds behind the extrema: discs without zeros, sizes on them, interpolation with its remainder."""

from __future__ import annotations

import cmath
import math
from fractions import Fraction

import pytest

from numerics.balls import arb, ball, contains, working
from numerics.line.numbers import line_number
from numerics.peaks.curves import Block, NoiseCurve, noise_germ
from numerics.peaks.disc import Levels, zero_free_disc
from numerics.peaks.outside import outside
from numerics.peaks.pieces import Piece, interpolated, nodes, rests
from theory.laws import parse_law

LAWS = (
    "deltas(-1: 1/5, 1: 4/5)",
    "deltas(-3: 1/10000, 0: 1/2, 1: 4999/10000)",
    "mixture(3/10: N(-1, 1/25), 7/10: N(3/2, 9/25))",
)


def _density(levels: Levels, x: float, nu: complex) -> tuple[complex, float]:
    """(p, sum |u_k|) up to one factor."""
    logs = []
    for w, m, s in zip(levels.weights, levels.places, levels.spreads, strict=True):
        v = complex(float(s)) + nu
        logs.append(cmath.log(float(w)) - cmath.log(v) / 2 - (x - float(m)) ** 2 / (2 * v))
    top = max(entry.real for entry in logs)
    u = [cmath.exp(entry - top) for entry in logs]
    return sum(u), sum(map(abs, u))


@pytest.mark.parametrize("text", LAWS)
@pytest.mark.parametrize("nu", [0.05, 0.5, 4.0])
def test_the_floor_holds(text: str, nu: float) -> None:
    """|p| >= floor q at points of the disc, for all x (of the window)."""
    levels = Block(parse_law(text), 1).levels
    with working(64):
        discs = [d for r in (0.3, 0.1, 0.04) if (d := zero_free_disc(levels, arb(nu), arb(nu * r))) is not None]
    assert discs
    disc = discs[0]
    low, high = disc.window or (-40.0, 40.0)
    for i in range(400):
        x = low + (high - low) * i / 399
        for j in range(16):
            p, q = _density(levels, x, nu + float(disc.radius) * cmath.exp(2j * math.pi * j / 16))
            assert abs(p) >= float(disc.floor) * q * (1 - 1e-9)


@pytest.mark.parametrize("text", LAWS)
@pytest.mark.parametrize("name", ["class-entropy", "variance-phi-class", "variance-h-class", "varentropy", "mmse"])
def test_coefficients_obey_cauchy(text: str, name: str) -> None:
    """|n_j| R^j <= M for the exact Taylor coefficients."""
    law = parse_law(text)
    curve, nu = NoiseCurve(name, [Block(law, 1)]), Fraction(1, 2)
    found = next(
        (r, b) for r in (Fraction(1, 4), Fraction(1, 10), Fraction(1, 40))
        if (b := curve.bound(nu, nu * r, nu * r / 4)) is not None
    )  # fmt: skip
    radius, (size, out) = nu * found[0], found[1]
    coefficients = line_number(name, law, noise_germ(nu), digits=15, order=3, most=1).coefficients
    for j in range(1, 4):
        assert float(abs(coefficients[j])) <= float(size) / float(radius) ** j + float(out[j])
        assert float(size) < 1e6


def test_outside_a_window_is_a_tail() -> None:
    """What a narrow window leaves out bounds the true tail of the class entropy, and is not absurdly larger."""
    law, nu = parse_law(LAWS[2]), 0.5
    levels = Block(law, 1).levels
    low, high = -2.5, 3.5
    total, step = 0.0, 0.01
    for i in range(-1200, 1200):
        x = i * step
        if low <= x <= high:
            continue
        u = [
            float(w)
            * math.exp(-((x - float(m)) ** 2) / (2 * (float(s) + nu)))
            / math.sqrt(2 * math.pi * (float(s) + nu))
            for w, m, s in zip(levels.weights, levels.places, levels.spreads, strict=True)
        ]
        total += step * sum(-r * math.log(r / sum(u)) for r in u)
    with working(64):
        bound = float(outside("class-entropy", law, Fraction(1, 2), Fraction(1, 2), (low, high))[0])
    assert total <= bound <= 100 * total


def test_interpolation_encloses_the_derivatives() -> None:
    """1/(t+3): |f| <= 1/(3-R) on the disc of radius R; slope and curvature lie in the piece's balls."""
    with working(120):
        values = [1 / (ball(t) + 3) for t in nodes(18)]
        lost = rests(18, [(arb(2), arb(1), [arb(0)] * 4)])
        piece = Piece(Fraction(-1), Fraction(1), interpolated(values), lost)
        assert float(lost[1]) < 0.1
        for t in (Fraction(-1), Fraction(1, 7), Fraction(1)):
            x = ball(t) + 3
            assert contains(piece.derivative(1, ball(t)), -1 / x**2)
            assert contains(piece.derivative(2, ball(t)), 2 / x**3)
        cells = list(piece.cells())
    assert {c.slope for c in cells} == {-1}
    assert cells[0].low == -1
    assert cells[-1].high == 1


def test_the_remainder_of_a_pole_near_the_disc() -> None:
    """f = 1/(t - 2): the polynomial and its first three derivatives are off by no more than is said."""
    with working(160):
        p = interpolated([1 / (ball(t) - 2) for t in nodes(18)])
        said = rests(18, [(ball(Fraction(7, 4)), arb(4), [arb(0)] * 4)])  # |f| <= 4 for |t| <= 7/4
        for n in range(-40, 41):
            t = Fraction(n, 40)
            for s in range(4):
                true = -math.factorial(s) / ball((2 - t) ** (s + 1))
                found = sum((math.perm(j, s) * p[j] * ball(t ** (j - s)) for j in range(s, 18)), arb(0))
                assert abs(found - true) < said[s]
    assert said[1] < 0.01
