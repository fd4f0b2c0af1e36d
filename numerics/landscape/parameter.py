"""The parameter of a bifurcation problem: a noise level of the process, or a symbol of the law.

In y = x/alpha the score depends on the noise through nu = sigma^2/alpha^2 alone, so noise levels are handled in nu and
turned into the level asked for at the end. The drifts whose zeros are followed, up to a positive factor:

    density   s                        zeros of the score
    reverse   -f + g^2 s               the reverse SDE in generative time: s + kappa x, kappa = -a/g^2
    flow      -f + (g^2/2) s           the probability flow: kappa = -2a/g^2

and s(x) + kappa x = (s_Y(y) + kappa alpha^2 y)/alpha.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from numerics.balls import Ball
from numerics.landscape.family import SYMBOL
from numerics.landscape.scalars import ball_of
from numerics.quantities.values import QuantityError
from theory.calculus import (
    ONE,
    ZERO,
    add,
    as_scalar_term,
    at_symbols,
    exp,
    fold_constants,
    folded,
    log,
    mul,
    neg,
    number,
    power,
    quot,
    sub,
)
from theory.language.instances import Scalar
from theory.language.terms import Term, make
from theory.places import LEVELS
from theory.processes import Process
from theory.processes.curves import Still, place_on

DRIFTS = {"density": Fraction(0), "reverse": Fraction(1), "flow": Fraction(2)}
VARIABLE: Term = make("sym", (), SYMBOL)
_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Noise:
    """nu and kappa alpha^2 as terms in the internal parameter, and the user's level as a term in it.

    ``inner`` turns a value of the user's level into the internal parameter. ``alpha`` is the scale of x = alpha y.
    """

    name: str
    nu: Term
    kappa: Term
    level: Term
    alpha: Term
    inner: Callable[[Scalar], Scalar]
    last: Scalar | None = None

    def logarithmic(self, shift: Fraction = Fraction(0)) -> Noise:
        """The same with log(internal parameter + shift): bifurcations of clusters spread over scales.

        ``shift``: the least variance of a law with a density, so that no scale below it is searched.
        """
        here = {SYMBOL: sub(exp(VARIABLE), number(shift))}
        nu, kappa, level, alpha = (folded(at_symbols(f, here)) for f in (self.nu, self.kappa, self.level, self.alpha))

        def inner(value: Scalar) -> Scalar:
            return fold_constants(log(add(as_scalar_term(self.inner(value)), number(shift))))

        return Noise(self.name, nu, kappa, level, alpha, inner)

    def outer(self, inner: Ball) -> Ball:
        """The user's level at a value of the internal parameter."""
        return ball_of(self.level, {SYMBOL: inner})


def noise_parameter(process: Process, name: str, drift: str) -> Noise:
    """The noise level ``name`` of ``process`` as a parameter. Raises QuantityError: a level without closed form."""
    if name not in LEVELS:
        raise QuantityError(f"unknown noise level {name!r}; known: {', '.join(LEVELS)}")
    factor = DRIFTS[drift]
    if process.curve is None:
        return _in_time(process, name, factor)
    curve = process.curve
    alpha2 = folded(curve.alpha2_of_nu(VARIABLE))
    sigma2 = folded(mul(VARIABLE, alpha2))
    kappa = ZERO if factor == 0 else _kappa(process, factor, alpha2, sigma2)
    levels: dict[str, Callable[[], Term]] = {
        "sigma": lambda: power(sigma2, _HALF), "alpha": lambda: power(alpha2, _HALF), "nu": lambda: VARIABLE,
        "snr": lambda: quot(ONE, VARIABLE), "log-sigma": lambda: quot(log(sigma2), number(2)),
        "t": lambda: _time(process, alpha2, sigma2),
    }  # fmt: skip
    if name == "alpha" and isinstance(curve, Still):
        raise QuantityError(f"alpha is 1 at all times under {process.text}; choose sigma")

    def inner(value: Scalar) -> Scalar:
        term = as_scalar_term(value)
        if name == "t":
            A, V = (
                power(folded(at_symbols(process.alpha, {"t": term})), 2),
                folded(at_symbols(process.sigma2, {"t": term})),
            )
        else:
            A, V = place_on(curve, name, term)
        return fold_constants(quot(V, A))

    last = None
    if process.horizon is not None and not process.open:
        end = {"t": number(process.horizon)}
        last = fold_constants(quot(at_symbols(process.sigma2, end), power(at_symbols(process.alpha, end), 2)))
    return Noise(name, VARIABLE, kappa, levels[name](), power(alpha2, _HALF), inner, last)


def _in_time(process: Process, name: str, factor: Fraction) -> Noise:
    if name != "t":
        raise QuantityError(f"levels of {process.text} have no closed form; give the range in t (--parameter t)")
    here = {"t": VARIABLE}
    alpha, sigma2, a, g2 = (folded(at_symbols(f, here)) for f in (process.alpha, process.sigma2, process.a, process.g2))
    kappa = ZERO if factor == 0 else neg(mul(number(factor), quot(mul(a, power(alpha, 2)), g2)))
    return Noise("t", quot(sigma2, power(alpha, 2)), kappa, VARIABLE, alpha, lambda value: value)


def _time(process: Process, alpha2: Term, sigma2: Term) -> Term:
    if process.time is None:
        raise QuantityError(f"the time of a level has no closed form under {process.text}; choose sigma")
    return folded(at_symbols(process.time, {"A": alpha2, "V": sigma2}))


def _kappa(process: Process, factor: Fraction, alpha2: Term, sigma2: Term) -> Term:
    """-factor a/g^2 alpha^2."""
    if process.constant:
        a, g2 = (at_symbols(f, {"t": ONE}) for f in (process.a, process.g2))
    elif process.time is not None:
        time = {"t": _time(process, alpha2, sigma2)}
        a, g2 = at_symbols(process.a, time), at_symbols(process.g2, time)
    elif process.state is not None:
        u = {"u": at_symbols(process.state.value, {"A": alpha2})}
        a, g2 = at_symbols(process.state.a, u), at_symbols(process.state.g2, u)
    else:
        raise QuantityError(f"the drift of {process.text} at a level has no closed form; choose t")
    return folded(neg(mul(number(factor), quot(mul(a, alpha2), g2))))
