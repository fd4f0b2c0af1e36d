"""Strips about the real line on which the density of a Gaussian mixture has no zero, certified.

Write p = sum_k u_k, u_k = w_k N(x; M_k, v_k), z = x + iy. Then u_k(z) has modulus u_k(x) exp(y^2/2v_k) and phase
-y s_k(x), s_k(x) = (x - M_k)/v_k. A *strip* is a pair (a, c), a > 0, 0 < c <= 1, with

    (1)  for every x, [0, a] is cut into finitely many slices, each with a t in the hull of s_1(x), .., s_K(x), so that
         sum_k |u_k(z)| cos(y (s_k(x) - t)) >= c sum_k |u_k(z)| for y in the slice, and y |t - t'| < pi where two meet.

*What follows.* The left side of (1) is Re(e^{iyt} p(z)), so |p(z)| >= c sum_k |u_k(z)|: no zeros, and the
responsibilities r_k = u_k/p obey |r_k(z)| <= |u_k(z)| / (c sum_j |u_j(z)|) <= 1/c and sum_k |r_k(z)| <= 1/c. So is
the phase of p, continued up from its value 0 on the real line: in the first slice phase + yt lies in (-pi/2, pi/2) by
continuity. Where two slices meet, phase + yt' lies in that interval up to a multiple of 2 pi, and is less than
pi/2 + y|t - t'| < 3 pi/2 in modulus, so the multiple is 0, and so on. Hence, for the branches real on the line,

    (2)  |Im(log p(z) - log u_k(z))| <= pi/2 + |y| max_j |s_j(x) - s_k(x)|,
    (3)  log c + log(sum_j |u_j|/|u_k|) <= Re(log p(z) - log u_k(z)) <= log(sum_j |u_j|/|u_k|).

*One variance v for all.* All s_k lie within D/2v of the middle t of their hull, D = max M - min M, so (1) holds with
c = cos(aD/2v) if that angle is below pi/2.

*Else* (1) is checked on boxes of (x, y), y >= 0 (p is real on the line), in balls. With m a component that is large
there, log(u_k/u_m)(z) = Q_k(z) is a real quadratic, so |u_k/u_m| = exp Re Q_k and its phase is y Q_k'(x). On a box
t = s_m + lambda (s_j - s_m) for a component j and 0 <= lambda <= 1; cos(y d) >= cos(y_1 |d|) for y <= y_1,
y_1 |d| <= pi. It suffices that sum_k |u_k/u_m| (cos(y_1 |d_k|) - c) >= 0 with moduli at their lower ends where the
bracket is positive and at their upper ends where it is not. Beyond the boxes, |x| >= X, m is the widest component (of
several, the outermost): Re Q_k is then concave in x, or linear, and if it falls at X it falls beyond, so that
t = s_m gives 1 - 2 sum_k |u_k/u_m|(X) for c. Of components that balls cannot tell from m, 1 - cos(a |Q_k'|) is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.balls import Ball, arb, ball, hull, working
from numerics.rings import Unsupported

FLOOR = Fraction(1, 10)
_BITS = 96
_MOST_BOXES = 1000
_WIDEST = 70
_ATTEMPTS = 12


@dataclass(frozen=True)
class _Pairs:
    """Q_km(z) = (log u_k - log u_m)(z) = C2 z^2 + C1 z + C0, as balls [k][m] and as floats (K, K)."""

    C2: list[list[Ball]]
    C1: list[list[Ball]]
    C0: list[list[Ball]]
    floats: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    kinds: tuple[int, ...]
    precisions: list[Ball]
    places: list[Ball]


def zero_free_strip(
    weights: Sequence[Ball],
    places: Sequence[Ball],
    variances: Sequence[Ball],
    *,
    kinds: Sequence[int] | None = None,
    floor: Fraction = FLOOR,
    widest: Ball | None = None,
    by_boxes: bool = False,
) -> tuple[Ball, Ball]:
    """A strip (a, c) of p = sum_k weights_k N(x; places_k, variances_k), as exact positive balls, c >= ``floor``.

    ``kinds``: components of one number have the very same variance (which two equal balls do not prove); by default
    exact equal balls do. ``floor`` (0 < floor < 1) is traded for width: a is about the largest with c >= floor, and at
    most ``widest`` (default: 70 times the least standard deviation). ``by_boxes``: boxes also for one variance, where
    the closed form sees the farthest pair and not that it is apart from the others. Source: the module docstring, which
    proves what (a, c) implies. Raises Unsupported if no strip could be verified; ValueError for sequences of different
    lengths or a floor out of range.
    """
    if not len(weights) == len(places) == len(variances) or not weights or not 0 < floor < 1:
        raise ValueError("as many weights as places and variances, and a floor between 0 and 1")
    kinds = tuple(_kinds(variances)) if kinds is None else tuple(kinds)
    with working(_BITS):
        if widest is None:
            widest = (_WIDEST * min(variances, key=lambda v: v.mid()).sqrt()).lower()
        if len(set(kinds)) == 1 and not by_boxes:
            return _shared(places, variances[0], floor, widest)
        pairs = _pairs(weights, places, variances, kinds)
        guess = _guess(pairs, float(floor) * 1.1, float(widest.lower()))
        for _ in range(_ATTEMPTS):
            width = arb(guess)
            if _verified(pairs, width, ball(floor)):
                return width, ball(floor).lower()
            guess *= 0.9
    raise Unsupported("no strip without zeros of the density could be verified")


def strip_holds(
    weights: Sequence[Ball],
    places: Sequence[Ball],
    variances: Sequence[Ball],
    width: Ball,
    constant: Ball,
    *,
    kinds: Sequence[int] | None = None,
) -> bool:
    """Whether (1) could be verified on boxes for the strip (width, constant). False means: not verified."""
    kinds = tuple(_kinds(variances)) if kinds is None else tuple(kinds)
    with working(_BITS):
        return _verified(_pairs(weights, places, variances, kinds), width, constant)


def _kinds(variances: Sequence[Ball]) -> list[int]:
    """The index of the first component with the same exact variance; balls that are not exact are alone."""
    return [next((i for i in range(k) if v.is_exact() and variances[i].is_exact() and bool(v == variances[i])), k)
            for k, v in enumerate(variances)]  # fmt: skip


def _shared(places: Sequence[Ball], variance: Ball, floor: Fraction, widest: Ball) -> tuple[Ball, Ball]:
    spread = _spread(places)
    rate = (spread / (2 * variance)).upper()
    if rate.is_zero():
        return widest.lower(), arb(1)
    width = (ball(floor).acos() / rate).lower()
    if widest <= width:
        width = widest.lower()
    constant = (width * rate).cos().lower()
    if not (constant > 0 and width * rate < arb.pi() / 2):
        raise Unsupported("no strip without zeros of the density could be verified")
    return width, constant


def _spread(places: Sequence[Ball]) -> Ball:
    """An upper bound of max - min."""
    largest = arb(0)
    for i, left in enumerate(places):
        for right in places[:i]:
            gap = abs(left - right).upper()
            if gap > largest:
                largest = gap
    return largest


def _pairs(
    weights: Sequence[Ball], places: Sequence[Ball], variances: Sequence[Ball], kinds: tuple[int, ...]
) -> _Pairs:
    K = len(weights)
    precision = [1 / v for v in variances]
    slope = [q * m for q, m in zip(precision, places, strict=True)]
    base = [w.log() + q.log() / 2 for w, q in zip(weights, precision, strict=True)]
    zero = arb(0)
    C2, C1, C0 = ([[zero] * K for _ in range(K)] for _ in range(3))
    for k in range(K):
        for m in range(K):
            if k == m:
                continue
            if kinds[k] == kinds[m]:
                gap, q = places[k] - places[m], precision[k]
                C1[k][m] = q * gap
                C0[k][m] = base[k] - base[m] - q * gap * (places[k] + places[m]) / 2
            else:
                C2[k][m] = (precision[m] - precision[k]) / 2
                C1[k][m] = slope[k] - slope[m]
                C0[k][m] = base[k] - base[m] - (slope[k] * places[k] - slope[m] * places[m]) / 2
    f2, f1, f0 = (np.array([[float(v.mid()) for v in row] for row in C]) for C in (C2, C1, C0))
    return _Pairs(C2, C1, C0, (f2, f1, f0), kinds, precision, list(places))


# -- floats choose ----------------------------------------------------------------------------------------------------
def _guess(pairs: _Pairs, floor: float, widest: float) -> float:
    """About the largest a <= widest with |p| >= floor sum |u_k|: below what two components, then all, do there.

    Two alone reach the floor where they are equal in modulus and 2 arccos(floor) apart in phase: a quadratic.
    """
    C2, C1, C0 = pairs.floats
    upper = np.triu_indices(len(C2), 1)
    phases = (2 * np.arccos(floor) * np.array([1.0, -1.0])[:, None] * 1j + np.linspace(-1, 1, 5)[None, :]).ravel()
    zs = _roots(C2[upper][None, :], C1[upper][None, :], C0[upper][None, :] - phases[:, None])
    zs = zs[np.abs(zs.imag) > 0]
    if len(zs):
        raw = _relative(pairs.floats, zs)
        heights = np.abs(zs.imag)[np.abs(raw.sum(axis=1)) <= 2 * floor * np.abs(raw).sum(axis=1)]
        if len(heights):
            widest = min(widest, float(np.min(heights)))
    narrow: float = 0.02 / max(float(q.mid()) for q in pairs.precisions) ** 0.5
    if narrow >= widest or _least(pairs.floats, widest) >= floor:
        return widest
    low, high = narrow, widest
    while high > 1.1 * low:
        middle: float = (low * high) ** 0.5
        low, high = (middle, high) if _least(pairs.floats, middle) >= floor else (low, middle)
    return low


def _roots(q2: NDArray[Any], q1: NDArray[Any], q0: NDArray[Any]) -> NDArray[Any]:
    """The finite roots of q2 z^2 + q1 z + q0, without cancellation."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        disc = np.sqrt((q1 * q1 - 4 * q2 * q0).astype(complex))
        root = -(q1 + np.where((np.conj(q1) * disc).real >= 0, 1.0, -1.0) * disc) / 2
        zs = np.concatenate([np.broadcast_to(v, root.shape).ravel() for v in (root / q2, q0 / root)])
    finite: NDArray[Any] = zs[np.isfinite(zs)]
    return finite


def _relative(floats: tuple[NDArray[np.float64], ...], zs: NDArray[Any]) -> NDArray[Any]:
    """u_k / max_j |u_j| at the points, (N, K)."""
    C2, C1, C0 = floats
    z = zs[:, None]
    with np.errstate(all="ignore"):  # places that are far beyond floats are not looked at
        logs = C2[:, 0] * z * z + C1[:, 0] * z + C0[:, 0]
        return np.nan_to_num(np.exp(logs - logs.real.max(axis=1, keepdims=True)))  # type: ignore[no-any-return]


def _least(floats: tuple[NDArray[np.float64], ...], a: float) -> float:
    """The least |p|/sum |u_k| at height a over the places where two components are comparable."""
    C2, C1, C0 = floats
    upper = np.triu_indices(len(C2), 1)
    q2, levels = C2[upper][None, :], np.linspace(-4, 4, 17)[:, None]
    zs = _roots(q2, C1[upper][None, :], C0[upper][None, :] - q2 * a * a - levels)
    xs = zs.real[np.abs(zs.imag) < a]
    if not len(xs):
        return 1.0
    raw = _relative(floats, xs + 1j * a)
    size = np.abs(raw).sum(axis=1)
    return float(np.abs(raw.sum(axis=1) / np.where(size > 0, size, np.inf))[size > 0].min(initial=1.0))


# -- balls certify ----------------------------------------------------------------------------------------------------
def _verified(pairs: _Pairs, width: Ball, constant: Ball) -> bool:
    if not (width > 0 and constant > 0 and constant < 1):
        return False
    ends = [_far(pairs, width, constant, side) for side in (-1, 1)]
    return None not in ends and _covered(pairs, width, constant, -float(ends[0] or 0), float(ends[1] or 0))


def _far(pairs: _Pairs, width: Ball, constant: Ball, side: int) -> float | None:
    """An X beyond which (side x >= X) the widest component alone gives the constant; None if none was found."""
    K = len(pairs.places)
    m = min(range(K), key=lambda k: (float(pairs.precisions[k].mid()), -side * float(pairs.places[k].mid())))
    place = max(1.0, *(2 * abs(float(v.mid())) for v in pairs.places))
    lost, others = arb(0), []
    for k in range(K):
        if k == m:
            continue
        if pairs.kinds[k] != pairs.kinds[m]:
            if not pairs.C2[k][m] < 0:
                return None
        elif not side * pairs.C1[k][m] < 0:
            turn = (width * abs(pairs.C1[k][m])).upper()
            if not turn < 1:
                return None
            lost = lost + (1 - turn.cos())
            continue
        others.append(k)
    for _ in range(200):
        x = arb(place * side)
        falls = all(side * (2 * pairs.C2[k][m] * x + pairs.C1[k][m]) < 0 for k in others)
        if falls:
            total = lost
            for k in others:
                q2 = pairs.C2[k][m]
                total = total + 2 * (q2 * (x * x - width * width) + pairs.C1[k][m] * x + pairs.C0[k][m]).exp()
            if total + constant < 1:
                return place
        place *= 1.25
    return None


def _covered(pairs: _Pairs, width: Ball, constant: Ball, low: float, high: float) -> bool:
    """Whether (1) holds for low <= x <= high, 0 <= y <= width: columns are halved until it is seen, or too many are."""
    top = float(width.upper())
    top = top if arb(top) >= width else float(np.nextafter(top, np.inf))
    count, edges = 0, [low, 0.0, high]
    stack = [(u, v) for u, v in pairwise(edges) if u < v]
    while stack:
        x0, x1 = stack.pop()
        seen, boxes = _column(pairs, constant, x0, x1, top)
        count += boxes
        if not seen:
            middle = (x0 + x1) / 2
            if count > _MOST_BOXES or not x0 < middle < x1:
                return False
            stack += [(x0, middle), (middle, x1)]
    return True


def _column(pairs: _Pairs, constant: Ball, x0: float, x1: float, top: float) -> tuple[bool, int]:
    """(whether (1) holds for x0 <= x <= x1 and 0 <= y <= top, in slices of y, with compatible t; boxes looked at)."""
    low, high, before, boxes = 0.0, top, None, 0
    while low < top:
        boxes += 1
        m, j, share = _reference(pairs, (x0 + x1) / 2, low, high)
        split = _box(pairs, constant, (x0, x1), (low, high), m, j, share)
        if split == "y" and high - low > top / 16:
            high = (low + high) / 2
            continue
        if split or (before is not None and not _compatible(pairs, hull(arb(x0), arb(x1)), low, before, (m, j, share))):
            return False, boxes
        before, low, high = (m, j, share), high, top
    return True, boxes


def _compatible(pairs: _Pairs, X: Ball, y: float, left: tuple[int, int, float], right: tuple[int, int, float]) -> bool:
    """Whether y |t - t'| < pi on the box."""

    def relative(k: int, m: int) -> Ball:
        """s_m - s_k = Q_km'."""
        return arb(0) if k == m else 2 * pairs.C2[k][m] * X + pairs.C1[k][m]

    (m, j, share), (n, i, part) = left, right
    gap = relative(m, n) + arb(share) * relative(j, m) - arb(part) * relative(i, n)
    return bool(arb(y) * abs(gap) < arb.pi())


def _box(
    pairs: _Pairs, constant: Ball, xs: tuple[float, float], ys: tuple[float, float], m: int, j: int, share: float
) -> str:
    """Empty if (1) holds on the box with t = s_m + share (s_j - s_m), else the coordinate to halve."""
    (x0, x1), (y0, y1) = xs, ys
    X, centre, square = hull(arb(x0), arb(x1)), arb((x0 + x1) / 2), hull(arb(y0) ** 2, arb(y1) ** 2)
    half, high, lam = X - centre, arb(y1), arb(share)
    total, across, along = arb(0), 0.0, 0.0
    for k in range(len(pairs.places)):
        q2, q1 = pairs.C2[k][m], pairs.C1[k][m]
        relative = 2 * q2 * X + q1
        if share:
            relative = 2 * (q2 - lam * pairs.C2[j][m]) * X + (q1 - lam * pairs.C1[j][m])
        angle = (high * abs(relative)).upper()
        bracket = (angle.cos() if angle < 3 else arb(-1)) - constant
        if k == m:
            total = total + bracket
            continue
        moved, lifted = (2 * q2 * X + q1) * half, q2 * square
        log_ratio = q2 * centre * centre + q1 * centre + pairs.C0[k][m] + moved - lifted
        if log_ratio > -7:
            across = max(across, float(moved.rad()), float(angle.rad()))
            along = max(along, float(lifted.rad()))
        total = total + (log_ratio.lower() if bracket >= 0 else log_ratio.upper()).exp() * bracket
    return "" if total >= 0 else "y" if along > across else "x"


def _reference(pairs: _Pairs, x: float, y0: float, y1: float) -> tuple[int, int, float]:
    """(m, j, lambda): t = s_m + lambda (s_j - s_m), the phase of p at height y1 if that is in reach."""
    C2, C1, C0 = pairs.floats
    y = (y0 + y1) / 2
    logs = C2[:, 0] * (x * x - y * y) + C1[:, 0] * x + C0[:, 0]
    m = int(logs.argmax())
    size, rate = np.exp(logs - logs[m]), 2 * C2[:, m] * x + C1[:, m]
    angle = float(np.angle((size * np.exp(1j * y1 * rate)).sum()))
    beyond = [k for k in range(len(size)) if rate[k] * y1 * np.sign(angle) >= abs(angle) > 1e-3]
    if not beyond:
        return m, m, 0.0
    j = max(beyond, key=lambda k: size[k])
    return m, j, min(1.0, abs(angle) / abs(float(rate[j]) * y1))


__all__ = ["FLOOR", "strip_holds", "zero_free_strip"]
