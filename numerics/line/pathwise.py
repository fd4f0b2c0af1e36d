"""Var Phi and Var h of X0 on the line for a law with a density (:mod:`numerics.line.joint` has the bounds).

The square of h on the strip: |kappa| and |b| are posterior averages, so at most 1/c times their largest within a
component; within component k the average over X0 has the mean mu_k(z), whose imaginary part raises it by at most
exp(a^2/2s^2). So |h| <= eta (1+|xi|)^2, and |p h^2| <= eta^2 (1+|xi|)^4 sum |u_k|.
"""

from __future__ import annotations

from fractions import Fraction

from numerics.balls import Ball, arb, bits_of, relative_digits, working
from numerics.line.bounds import Bounds
from numerics.line.certified import verified_strip
from numerics.line.components import Components, components_of
from numerics.line.joint import Rule, _mass, densities, kernel_sums, rule
from numerics.line.strip import Strip
from theory.language.instances import Germ, Law

_TRIES = 8


def pathwise_variance(name: str, law: Law, germ: Germ, digits: int, known: dict[str, Ball]) -> tuple[Ball, int, int]:
    """(ball, bits, points) of "variance-phi" or "variance-h" of X0 to about ``digits`` digits.

    ``known``: "mean" -E L, "mean0" -E L0, "spread" Var L, "spread0" Var L0, "fisher" J, "entropy" H(X0|Xt), to more
    than these digits. Raises Unsupported: no strip, or a grid that would be too large.
    """
    goal = bits_of(digits) + 12
    with working(96):
        rough, rough0 = components_of(law, germ), components_of(law, still(0))
        strips = (_strip(rough), _strip(rough0))
    for _ in range(_TRIES):
        with working(96):
            plan = rule(rough, rough0, strips, goal, square=name == "variance-h")
        with working(plan.bits):
            noisy, data = components_of(law, germ), components_of(law, still(0))
            rows, columns = densities(data, plan.data.points), densities(noisy, plan.noisy.points)
            product, smoothed = kernel_sums(noisy, plan, rows, columns)
            if name == "variance-phi":
                product = product + arb(0, plan.error)
                cross = product - known["mean"] * known["mean0"]
                fisher = noisy.sigma2[0] * known["fisher"]
                found = known["spread"] + known["spread0"] + arb(1) / 2 - fisher - 2 * cross
            else:
                square = _square(noisy, data, plan, rows, columns, smoothed)
                found = square - known["entropy"] * known["entropy"]
        missing = digits - relative_digits(found)
        if missing <= 0:
            break
        goal += bits_of(max(missing, 1)) + 8
    return found, plan.bits, len(rows) + len(columns)


def still(order: int) -> Germ:
    """No noise and alpha = 1: X_t is X_0."""
    zero = Fraction(0)
    return Germ(Fraction(1), zero, (zero,) * (order + 1), (zero,) * (order + 1), constant=True)


def _strip(components: Components) -> Strip:
    return verified_strip(Bounds(components, None))


def _square(
    noisy: Components, data: Components, plan: Rule, rows: list[tuple[Ball, Ball, list[Ball]]],
    columns: list[tuple[Ball, Ball, list[Ball]]], smoothed: list[Ball],
) -> Ball:  # fmt: skip
    """E h^2."""
    s2, alpha, step = noisy.sigma2[0], noisy.alpha[0], plan.noisy.step
    constant = (2 * arb.pi() * s2).log() / 2
    total, largest = arb(0), arb(0)
    for x, (p, log_p, shares), b in zip(plan.noisy.points, columns, smoothed, strict=True):
        within = arb(0)
        for r, M, v, S in zip(shares, noisy.places, noisy.variances, noisy.spreads, strict=True):
            gap = (x - M[0]) / v[0]
            within = within + r * (s2 * gap * gap + alpha * alpha * S[0] / v[0])
        # p h, so that what is divided by p is small where p is
        lean = p * (log_p + constant + within / 2) - b
        total = total + lean * lean / p
        largest = largest.max((abs(lean) / p).upper())
    return total * step + arb(0, _square_error(noisy, data, plan, rows, largest))


def _square_error(
    noisy: Components, data: Components, plan: Rule, rows: list[tuple[Ball, Ball, list[Ball]]], largest: Ball
) -> Ball:
    """What E h^2 may be off: the sum over x, the sums b over x0, and the cuts.

    If p b is off by delta_j at column j, h^2 is by at most delta_j/p (3 |h~| + |h|).
    """
    above, below = plan.noisy.bounds, plan.data.bounds
    s2, alpha, strip = noisy.sigma2[0], noisy.alpha[0], plan.noisy.strip
    raised = (strip.width**2 / (2 * s2)).exp()
    gauss, average, size = (2 * arb.pi() * s2).log() / 2, arb(0), arb(0)
    for k in range(noisy.K):
        M, v, S = above.places[k], above.variances[k], below.variances[k]
        reach = abs(above.centre - M) + above.scale + strip.width
        size = size.max((s2 * reach * reach / (v * v) + alpha * alpha * S / v).upper())
        lean = 1 + (abs(below.places[k] - below.centre) + abs(alpha) * S / v * reach) / below.scale
        average = average.max((2 * lean * lean + 2 * S * s2 / (v * below.scale**2)).upper())
    inner = plan.data.on_line * average
    eta = (plan.noisy.on_strip + (inner * raised + size / 2) / strip.floor + abs(gauss)).upper()
    eta_line = (plan.noisy.on_line + inner + size / 2 + abs(gauss)).upper()
    masses = [_mass(above, below, k) for k in range(noisy.K)]
    growth = arb(0)
    for v in above.variances:
        growth = growth.max((1 / (2 * v)).upper())
    rise = (strip.width**2 * growth).exp()
    everything = sum(masses, arb(0))
    outer = 2 / ((2 * arb.pi() * strip.width / plan.noisy.step).exp() - 1) * eta * eta * rise * everything
    beyond = eta_line * eta_line * plan.lost_columns
    # sums over x0: their discretisation, rows beyond the grid, and the cut in eps, all summed over the columns
    along = 2 / ((2 * arb.pi() * plan.data.strip.width / plan.data.step).exp() - 1)
    off = arb(0)
    for k, mass in enumerate(masses):
        v, S = above.variances[k], below.variances[k]
        shift = (plan.data.strip.width**2 * v / (2 * S * s2)).exp()
        off = off + along * plan.data.on_strip * shift * mass * (1 + plan.noisy.step / (2 * arb.pi() * v).sqrt())
    weights = sum((plan.data.step * p * abs(log_p) for p, log_p, _ in rows), arb(0))
    off = off + plan.lost_rows * plan.data.on_line + weights * plan.cut
    first, last = (abs(n * plan.noisy.step - above.centre).upper() for n in (plan.noisy.first, plan.noisy.last))
    furthest = first.max(last)
    h_most = eta_line * (1 + furthest / above.scale) ** 2
    return (outer + beyond + off * (3 * largest + h_most)).upper()
