"""The schedules of the literature as exact processes. Standard library only."""

from __future__ import annotations

from fractions import Fraction

from theory.calculus import (
    ONE,
    PI,
    ZERO,
    add,
    as_scalar_term,
    cos,
    diff,
    exp,
    folded,
    log,
    log_diff,
    mul,
    neg,
    number,
    power,
    quot,
    sin,
    sub,
    symbols_of,
)
from theory.grammar import as_number
from theory.language.instances import LawError, Scalar
from theory.language.terms import Term, make, walk
from theory.processes.curves import Chord, Line, Still, SubVariancePreserving
from theory.processes.process import HALF, Process, State
from theory.typeset.text import scalar_text

T, A, V, U = (make("sym", (), name) for name in ("t", "A", "V", "u"))
MAX_FORMULA = 80
COSINE_OFFSET = Fraction(8, 1000)
_ZERO_TIME, _ONE_TIME = Fraction(0), Fraction(1)


def ve() -> Process:
    """dX = dW: alpha = 1, sigma^2 = t."""
    return Process("ve", "ve", ONE, T, ZERO, ONE, curve=Still(), time=V, constant=True, clock="sigma^2")


def edm() -> Process:
    """ve with the clock t = sigma (Karras et al. 2022)."""
    return Process(
        "edm", "edm", ONE, power(T, 2), ZERO, mul(number(2), T), curve=Still(), time=power(V, HALF),
        start=_ZERO_TIME, clock="sigma",
    )  # fmt: skip


def ou(theta: Scalar, g: Scalar) -> Process:
    """dX = -theta X dt + g dW from alpha(0) = 1, sigma(0) = 0. Raises LawError unless g is non-zero."""
    rate, g2 = as_scalar_term(theta), power(as_scalar_term(g), 2)
    if g2 == ZERO:
        raise LawError("ou(theta, g) needs g > 0")
    text = f"ou({scalar_text(theta)}, {scalar_text(g)})"
    if rate == ZERO:
        return Process("ou", text, ONE, mul(g2, T), ZERO, g2, curve=Still(), time=quot(V, g2), constant=True)
    return _constant("ou", text, neg(rate), g2, quot(g2, mul(number(2), rate)))


def _constant(name: str, text: str, a: Term, g2: Term, c: Term) -> Process:
    alpha = exp(mul(a, T))
    sigma2 = mul(c, sub(ONE, exp(mul(number(2), a, T)))) if c != ONE else sub(ONE, exp(mul(number(2), a, T)))
    time = quot(log(A), mul(number(2), a))
    return Process(name, text, alpha, folded(sigma2), folded(a), g2, curve=Line(c, c), time=time, constant=True)


def vp(beta: Scalar = Fraction(1)) -> Process:
    """dX = -(beta/2) X dt + sqrt(beta) dW: alpha = exp(-beta t/2), sigma^2 = 1 - alpha^2.

    Raises LawError if beta <= 0.
    """
    if isinstance(beta, Fraction) and beta <= 0:
        raise LawError(f"vp needs beta > 0, got {beta}")
    value = as_scalar_term(beta)
    text = "vp" if value == ONE else f"vp(beta={scalar_text(beta)})"
    return _constant("vp", text, neg(quot(value, number(2))), value, ONE)


def _ramp(name: str, b0: Scalar, b1: Scalar) -> tuple[Term, Term, Term]:
    """(beta, its integral from 0, t as a term in A) for beta(t) = b0 + (b1 - b0) t with b0 != b1."""
    if any(isinstance(b, Fraction) and b < 0 for b in (b0, b1)) or (b0 == 0 and b1 == 0):
        raise LawError(f"{name}(b0, b1) needs b0 and b1 >= 0, not both 0")
    start, slope = as_scalar_term(b0), sub(as_scalar_term(b1), as_scalar_term(b0))
    if slope == ZERO:
        return start, mul(start, T), neg(quot(log(A), start))
    beta = add(start, mul(slope, T))
    grown = add(mul(start, T), quot(mul(slope, power(T, 2)), number(2)))
    # slope t^2/2 + b0 t = -log alpha^2, the root that starts at 0
    reach = sub(power(start, 2), mul(number(2), slope, log(A)))
    return beta, grown, quot(sub(power(reach, HALF), start), slope)


def vp_linear(b0: Scalar, b1: Scalar) -> Process:
    """vp with beta(t) = b0 + (b1 - b0) t on [0, 1]. Raises LawError unless both ends are >= 0 and one is positive."""
    beta, grown, time = _ramp("vp", b0, b1)
    if as_scalar_term(b0) == as_scalar_term(b1):
        return vp(b0)
    text = f"vp({scalar_text(b0)}, {scalar_text(b1)})"
    return Process(
        "vp", text, exp(neg(quot(grown, number(2)))), sub(ONE, exp(neg(grown))), neg(quot(beta, number(2))), beta,
        curve=Line(ONE, ONE), time=time, start=_ZERO_TIME, horizon=_ONE_TIME,
    )  # fmt: skip


def subvp(b0: Scalar = Fraction(1), b1: Scalar | None = None) -> Process:
    """alpha as under vp, sigma = 1 - alpha^2 (Song et al. 2021): a = -beta/2, g^2 = beta (1 - alpha^4).

    With one rate, beta is constant; with two it rises linearly on [0, 1]. Raises LawError unless the rates are >= 0
    and one is positive.
    """
    ramped = b1 is not None and as_scalar_term(b0) != as_scalar_term(b1)
    beta, grown, time = _ramp("subvp", b0, b0 if b1 is None else b1)
    text = f"subvp({scalar_text(b0)}, {scalar_text(b1)})" if ramped and b1 is not None else (
        "subvp" if b0 == 1 else f"subvp({scalar_text(b0)})"
    )  # fmt: skip
    return Process(
        "subvp", text, exp(neg(quot(grown, number(2)))), power(sub(ONE, exp(neg(grown))), 2),
        neg(quot(beta, number(2))), mul(beta, sub(ONE, exp(mul(number(-2), grown)))),
        curve=SubVariancePreserving(), time=time, start=_ZERO_TIME, horizon=_ONE_TIME if ramped else None,
    )  # fmt: skip


def cosine(s: Scalar = COSINE_OFFSET) -> Process:
    """alpha = cos((t + s)/(1 + s) pi/2)/cos(s/(1 + s) pi/2), sigma^2 = 1 - alpha^2, 0 < t < 1 (Nichol, Dhariwal 2021).

    With u = tan of the angle and w = pi/(2 (1 + s)): u' = w (1 + u^2), a = -w u and g^2 = 2 w u. Raises LawError if
    s < 0.
    """
    if isinstance(s, Fraction) and s < 0:
        raise LawError(f"cosine needs an offset s >= 0, got {s}")
    offset = as_scalar_term(s)
    speed = quot(PI, mul(number(2), add(ONE, offset)))
    first, angle = folded(mul(speed, offset)), folded(mul(speed, add(T, offset)))
    alpha = quot(cos(angle), cos(first))
    tangent = quot(sin(angle), cos(angle))
    gone = mul(power(cos(first), 2), A)  # the squared cosine of the angle
    # cos^2(first) - cos^2(angle) as a product, which keeps its digits at early times
    turned = mul(speed, T)
    sigma2 = quot(mul(sin(turned), sin(add(turned, mul(number(2), first)))), power(cos(first), 2))
    state = State(
        value=power(quot(sub(ONE, gone), gone), HALF), rate=mul(speed, add(ONE, power(U, 2))),
        a=neg(mul(speed, U)), g2=mul(number(2), speed, U),
    )  # fmt: skip
    return Process(
        "cosine", "cosine" if s == COSINE_OFFSET else f"cosine(s={scalar_text(s)})", alpha, sigma2,
        neg(mul(speed, tangent)), mul(number(2), speed, tangent), curve=Line(ONE, ONE), state=state,
        start=_ZERO_TIME, horizon=_ONE_TIME, open=True,
    )  # fmt: skip


def flow() -> Process:
    """The straight path X_t = (1 - t) X_0 + t eps of flow matching, 0 < t < 1 (Liu et al. 2023, Lipman et al. 2023).

    As a linear process a = -1/(1 - t) and g^2 = 2 t/(1 - t).
    """
    left = sub(ONE, T)
    return Process(
        "flow", "flow", left, power(T, 2), neg(quot(ONE, left)), quot(mul(number(2), T), left), curve=Chord(),
        time=sub(ONE, power(A, HALF)), time_of_sigma2=power(V, HALF), start=_ZERO_TIME, horizon=_ONE_TIME, open=True,
    )  # fmt: skip


def linear(alpha: Term, sigma: Term) -> Process:
    """X_t = alpha(t) X_0 + sigma(t) eps with a = alpha'/alpha, g^2 = (sigma^2)' - 2 a sigma^2.

    Raises LawError if g^2 is a number <= 0; a g^2 that changes sign is refused where it is used.
    """
    for name, term in (("alpha", alpha), ("sigma", sigma)):
        if sum(1 for _ in walk(term)) > MAX_FORMULA:
            raise LawError(f"linear(..): {name} has more than {MAX_FORMULA} operations; write a shorter formula")
    a = log_diff(alpha, "t")
    sigma2 = power(sigma, 2)
    g2 = folded(sub(diff(sigma2, "t"), mul(number(2), a, sigma2)))
    value = as_number(g2)
    if value is not None and value <= 0:
        raise LawError(f"linear(..): g^2 = {value} at all times; sigma^2/alpha^2 must grow with t")
    steady = "t" not in symbols_of(a) | symbols_of(g2)
    text = f"linear(alpha={scalar_text(alpha)}, sigma={scalar_text(sigma)})"
    return Process("linear", text, folded(alpha), folded(sigma2), folded(a), g2, constant=steady)


STANDING_PROCESS = Process(
    "standing",
    "standing",
    mul(number(Fraction(3, 5)), exp(mul(number(Fraction(-7, 20)), T))),
    sub(number(Fraction(9, 7)), mul(number(Fraction(113, 175)), exp(mul(number(Fraction(-7, 10)), T)))),
    number(Fraction(-7, 20)),
    number(Fraction(9, 10)),
    curve=Line(number(Fraction(9, 7)), number(Fraction(113, 63))),
    time=mul(number(Fraction(-10, 7)), log(mul(number(Fraction(25, 9)), A))),
    constant=True,
)
"""Constant a = -7/20 and g^2 = 9/10 through alpha = 3/5, sigma = 4/5 at t = 0."""
