"""Entropy and Fisher information of components of one variance: the shortest sums.

p = g S with g = exp(C x^2), C = -1/2v, and S = sum t_k, t_k = exp(A_k + B_k x); m_k = M_k - mu about any centre mu:

    -H = integral of g S log S + C E[x^2],        J = 1/v - (E[m^2] - integral of g T^2/S)/v^2,   T = sum m_k t_k.

On a strip with |p| >= c sum |u_k|: |log|t_k|| <= |A_k + B_k x|, the argument of S is within
pi/2 + a max|B_j - B_k| of that of t_k, which is at most a |B_k|; so |log S| <= lambda (1+|xi|). And
|T^2/S| <= sum |t_k| m_k^2/c by Cauchy-Schwarz. S and T on the grid are products of small matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numerics.balls import Ball, arb, arb_mat, working
from numerics.line.bounds import Bounds, Majorant, Pair
from numerics.line.components import Components
from numerics.line.strip import Strip, the_line
from numerics.line.trapezoid import Gaussian, Plan, planned

PLAIN = ("entropy", "fisher-information", "expected-divergence")
_COLUMNS = 32
_PIECE = 4096


def plain_plan(name: str, bounds: Bounds, bits: int, strip: Strip) -> Plan:
    """The rule for an absolute error of about 2^-bits of the integrand's size."""
    with working(64):
        above = _gaussians(name, bounds, strip)
        below = _gaussians(name, bounds, the_line())
        return planned([[above]], [[below]], bits, strip.width, bounds)


def _gaussians(name: str, bounds: Bounds, strip: Strip) -> list[Gaussian]:
    """Gaussians that bound the integrand on the strip, one a component."""
    a, out = strip.width, []
    centre = _centre(bounds.components)
    size = _size_of_log_sum(bounds, strip)
    for w, M, v in zip(bounds.weights, bounds.places, bounds.variances, strict=True):
        bound = Majorant(size, 1) if name == "entropy" else Majorant(((M - centre) ** 2 / strip.floor).upper(), 0)
        width = None if a.is_zero() else a
        out.append(bounds.gaussian(Pair(w, M, v, 1 / (2 * v)), bound, width))
    return out


def _size_of_log_sum(bounds: Bounds, strip: Strip) -> Ball:
    """lambda: |log S| <= lambda (1+|xi|) on the strip."""
    rows = [(A[0], B[0]) for A, B, _ in bounds.components.logs]
    size, steep, apart = arb(0), arb(0), arb(0)
    for k, (A, B) in enumerate(rows):
        size = size.max((abs(A + B * bounds.centre) + abs(B) * bounds.scale).upper())
        steep = steep.max(abs(B).upper())
        for _, other in rows[:k]:
            apart = apart.max(abs(B - other).upper())
    size = size + arb(len(rows)).log()
    if not strip.width.is_zero():
        size = size - strip.floor.log() + arb.pi() / 2 + strip.width * (steep + apart)
    return size.upper()


def _centre(components: Components) -> Ball:
    """An exact number about the mean."""
    mean = sum((w[0] * M[0] for w, M in zip(components.weights, components.places, strict=True)), arb(0))
    return arb(float(mean.mid()))


def plain_number(name: str, components: Components, rule: Plan) -> Ball:
    """The number, at the working precision."""
    v = components.variances[0][0]
    centre = _centre(components)
    weights, places = ([row[0] for row in rows] for rows in (components.weights, components.places))
    total = _entropic(components, rule) if name == "entropy" else _lean(components, [M - centre for M in places], rule)
    total = total * rule.step + arb(0, rule.errors[0][0])
    if name == "entropy":
        C = components.logs[0][2][0]
        square = sum((w * (M * M + v) for w, M in zip(weights, places, strict=True)), arb(0))
        return -(total + C * square)
    square = sum((w * (M - centre) ** 2 for w, M in zip(weights, places, strict=True)), arb(0))
    fisher = (1 - (square - total) / v) / v
    return fisher if name == "fisher-information" else -fisher


def _entropic(components: Components, rule: Plan) -> Ball:
    total = arb(0)
    for first, last in _pieces(rule):
        sums = _sums(components, rule.step, first, last, None)
        for g, S in zip(_common(components, rule.step, first, last), sums, strict=True):
            total = total + g * (S * S.log())
    return total


def _lean(components: Components, offsets: Sequence[Ball], rule: Plan) -> Ball:
    total = arb(0)
    for first, last in _pieces(rule):
        plain = _sums(components, rule.step, first, last, None)
        leaning = _sums(components, rule.step, first, last, offsets)
        for g, S, T in zip(_common(components, rule.step, first, last), plain, leaning, strict=True):
            total = total + g * (T * T / S)
    return total


def _pieces(rule: Plan) -> Iterator[tuple[int, int]]:
    """The runs in pieces, so that memory does not grow with the number of points."""
    for first, last in rule.runs:
        for start in range(first, last + 1, _PIECE):
            yield start, min(start + _PIECE - 1, last)


def _common(components: Components, step: Ball, first: int, last: int) -> list[Ball]:
    """g at the grid points first..last."""
    C, x, out = components.logs[0][2][0], first * step, []
    g, rise, bend = (C * x * x).exp(), (C * step * (2 * x + step)).exp(), (2 * C * step * step).exp()
    for _ in range(last - first + 1):
        out.append(g)
        g, rise = g * rise, rise * bend
    return out


def _sums(components: Components, step: Ball, first: int, last: int, factors: Sequence[Ball] | None) -> list[Ball]:
    """sum_k factor_k t_k at the grid points first..last: e^(A + B x) at every 32nd, times e^(B j step)."""
    count = last - first + 1
    rows = -(-count // _COLUMNS)
    left, right = [], []
    for k, (A, B, _) in enumerate(components.logs):
        start, small, large = (A[0] + B[0] * first * step).exp(), (B[0] * step).exp(), (B[0] * step * _COLUMNS).exp()
        if factors is not None:
            start = start * factors[k]
        column, row, power = [], [], arb(1)
        for _ in range(rows):
            column.append(start)
            start = start * large
        for _ in range(_COLUMNS):
            row.append(power)
            power = power * small
        left.append(column)
        right.append(row)
    product = arb_mat(rows, len(left), [v for row in zip(*left, strict=True) for v in row]) * arb_mat(
        len(right), _COLUMNS, [v for row in right for v in row]
    )
    return list(product.entries()[:count])
