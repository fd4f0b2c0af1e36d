"""Linear forward processes as exact data, their safe grammar, and their germs. Standard library only.

    process = "ve" | "edm" | "standing" | "vp" [ "(" ["beta" "="] scalar [ "," scalar ] ")" ]
            | "ou" "(" ["theta" "="] scalar "," ["g" "="] scalar ")"
            | "linear" "(" "alpha" "=" scalar "," "sigma" "=" scalar ")"          scalars in t
    place   = level "=" scalar { "," name "=" point }      level: t, sigma, alpha, snr, nu, log-sigma

ve: t = sigma^2. edm: t = sigma. vp(beta): alpha = exp(-beta t/2), sigma^2 = 1 - alpha^2. vp(b0, b1): beta rises
linearly from b0 to b1 on [0, 1]. ou(theta, g): dX = -theta X dt + g dW. A germ is taken at one level; companions that
are not rational (alpha = sqrt(1 - sigma^2)) are kept as exact terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from theory.calculus import (
    ONE,
    ZERO,
    add,
    as_scalar_term,
    at_symbols,
    diff,
    estimate,
    exp,
    fold_constants,
    folded,
    log,
    log_diff,
    mul,
    neg,
    number,
    power,
    quot,
    sub,
    symbols_of,
)
from theory.grammar import Reader, as_number
from theory.language.instances import Germ, LawError, Scalar
from theory.language.terms import Term, make, walk
from theory.places import LEVELS, Place, check_clock, parse_at
from theory.typeset.text import scalar_text

__all__ = [
    "LEVELS", "STANDING_PROCESS", "Place", "Process", "check_clock", "default_clock", "edm", "linear", "ou", "parse_at",
    "parse_process", "ve", "vp", "vp_linear",
]  # fmt: skip

T = make("sym", (), "t")
HALF = Fraction(1, 2)
MAX_FORMULA, MAX_NODES = 80, 20_000


@dataclass(frozen=True)
class Process:
    """A linear process dX = a X dt + g dW, as terms in the symbol ``t``.

    alpha' = a alpha and g^2 = (sigma^2)' - 2 a sigma^2.

    ``line``: the pair (c, k) with sigma^2 = c - k alpha^2, where it holds (levels then give alpha in closed form).
    ``time``: t as a term in the symbol ``A`` = alpha^2, or in ``V`` = sigma^2, where it is known and needed.
    ``constant``: a and g^2 do not depend on t. ``horizon``: the largest t, if there is one.
    """

    name: str
    text: str
    alpha: Term
    sigma2: Term
    a: Term
    g2: Term
    line: tuple[Term, Term] | None = None
    time: Term | None = None
    constant: bool = False
    horizon: Fraction | None = None
    clock: str = "t"

    @property
    def sigma(self) -> Term:
        """sigma(t), the positive root."""
        return power(self.sigma2, HALF)

    def free_symbols(self) -> frozenset[str]:
        """The names of the symbols in the process, besides t."""
        every = (self.alpha, self.sigma2, self.a, self.g2)
        return frozenset().union(*(symbols_of(term) for term in every)) - {"t"}

    def bind(self, values: Mapping[str, Scalar]) -> Process:
        """The process with symbols replaced and numbers folded."""
        kept = {name: value for name, value in values.items() if name != "t"}
        if not self.free_symbols() & set(kept):
            return self

        def put(term: Term) -> Term:
            return folded(at_symbols(term, kept))

        return Process(
            self.name,
            self.text,
            put(self.alpha),
            put(self.sigma2),
            put(self.a),
            put(self.g2),
            None if self.line is None else (put(self.line[0]), put(self.line[1])),
            None if self.time is None else put(self.time),
            self.constant,
            self.horizon,
            self.clock,
        )

    def germ(self, at: Mapping[str, Scalar], order: int = 3) -> Germ:
        """The germ at exactly one level of ``LEVELS``, with ``order`` derivatives of a and g^2.

        Raises LawError: no level or several, a level out of range, or a level from which t has no closed form.
        """
        kinds = [kind for kind in at if kind in LEVELS]
        if len(kinds) != 1 or len(at) != 1:
            raise LawError(f"give exactly one of {', '.join(LEVELS)}, got {', '.join(at) or 'none'}")
        kind, level = kinds[0], at[kinds[0]]
        _in_range(kind, level)
        alpha2, sigma2, time = self._place(kind, as_scalar_term(level))
        for name, square in (("alpha", alpha2), ("sigma", sigma2)):
            self._positive(square, f"no {name} > 0", kind, level)
        alpha = at.get("alpha", fold_constants(power(alpha2, HALF)))
        if kind == "t":
            alpha = fold_constants(at_symbols(self.alpha, {"t": level}))
            self._positive(as_scalar_term(alpha), "no alpha > 0", kind, level)
        sigma = at.get("sigma", fold_constants(power(sigma2, HALF)))
        a, g2 = self._derivatives(self.a, time, order), self._derivatives(self.g2, time, order)
        self._positive(as_scalar_term(g2[0]), "no g^2 > 0", kind, level)
        return Germ(alpha, sigma, a, g2, constant=self.constant)

    def _positive(self, term: Term, lack: str, kind: str, level: Scalar) -> None:
        """Refuse a number that is <= 0; values near zero are left to the balls."""
        value = as_number(term)
        rough = None if value is not None else estimate(term)
        if (value is not None and value <= 0) or (rough is not None and rough < -1e-9):
            raise LawError(f"{kind} = {scalar_text(level)} gives {lack} under {self.text}; {self._remedy(kind)}")

    def _remedy(self, kind: str) -> str:
        if kind == "sigma" and self.line == (ONE, ONE):
            return "give 0 < sigma < 1"
        if kind == "alpha" and self.line == (ONE, ONE):
            return "give 0 < alpha < 1"
        return "give another level"

    def _place(self, kind: str, level: Term) -> tuple[Term, Term, Term | None]:
        """(alpha^2, sigma^2, t or None where a and g^2 are constant) at the level."""
        if kind == "t":
            value = as_number(level)
            if value is not None and self.horizon is not None and not 0 < value <= self.horizon:
                raise LawError(f"t = {value} is outside (0, {self.horizon}], where {self.text} is defined")
            alpha2, sigma2 = (folded(at_symbols(term, {"t": level})) for term in (power(self.alpha, 2), self.sigma2))
            return alpha2, sigma2, level
        if self.alpha == ONE:
            if kind == "alpha":
                raise LawError(f"alpha is 1 at all times under {self.text}; give sigma or t")
            sigma2 = {
                "sigma": power(level, 2), "nu": level, "snr": quot(ONE, level), "log-sigma": exp(mul(number(2), level))
            }[kind]  # fmt: skip
            return ONE, sigma2, self._time("V", sigma2)
        if self.line is None:
            raise LawError(f"the time at which {kind} = {scalar_text(_scalar(level))} has no closed form here; give t")
        c, k = self.line
        if kind in ("sigma", "log-sigma"):
            sigma2 = power(level, 2) if kind == "sigma" else exp(mul(number(2), level))
            alpha2 = quot(sub(c, sigma2), k)
        else:
            nu = level if kind == "nu" else quot(ONE, level)
            alpha2 = power(level, 2) if kind == "alpha" else quot(c, add(nu, k))
            sigma2 = sub(c, mul(k, alpha2))
        return folded(alpha2), folded(sigma2), self._time("A", folded(alpha2))

    def _time(self, symbol: str, value: Term) -> Term | None:
        if self.constant:
            return None
        if self.time is None or symbol not in symbols_of(self.time):
            raise LawError(f"the time of this level has no closed form under {self.text}; give t")
        square = as_number(value)
        if square is not None and square <= 0:
            return ONE  # out of range; the caller says so
        return folded(at_symbols(self.time, {symbol: value}))

    def _derivatives(self, term: Term, time: Term | None, order: int) -> tuple[Scalar, ...]:
        values: list[Scalar] = []
        for _ in range(order + 1):
            values.append(fold_constants(term if time is None else at_symbols(term, {"t": time})))
            term = diff(term, "t")
            if sum(1 for _ in walk(term)) > MAX_NODES:
                raise LawError(f"the derivatives of {self.text} are too long; write a shorter formula")
        return tuple(values)


def _scalar(term: Term) -> Scalar:
    value = as_number(term)
    return term if value is None else value


def _in_range(kind: str, level: Scalar) -> None:
    if kind not in ("log-sigma", "t") and isinstance(level, Fraction) and level <= 0:
        raise LawError(f"{kind} = {level} is not positive; give a positive {kind}")


# -- the processes -----------------------------------------------------------------------------------------------------
def ve() -> Process:
    """dX = dW: alpha = 1, sigma^2 = t."""
    return Process("ve", "ve", ONE, T, ZERO, ONE, constant=True, clock="sigma^2")


def edm() -> Process:
    """ve with the clock t = sigma."""
    return Process(
        "edm", "edm", ONE, power(T, 2), ZERO, mul(number(2), T), time=power(make("sym", (), "V"), HALF), clock="sigma"
    )


def ou(theta: Scalar, g: Scalar) -> Process:
    """dX = -theta X dt + g dW from alpha(0) = 1, sigma(0) = 0. Raises LawError unless g is non-zero."""
    rate, g2 = as_scalar_term(theta), power(as_scalar_term(g), 2)
    if g2 == ZERO:
        raise LawError("ou(theta, g) needs g > 0")
    text = f"ou({scalar_text(theta)}, {scalar_text(g)})"
    if rate == ZERO:
        return Process("ou", text, ONE, mul(g2, T), ZERO, g2, constant=True)
    return _constant("ou", text, neg(rate), g2, quot(g2, mul(number(2), rate)))


def _constant(name: str, text: str, a: Term, g2: Term, c: Term) -> Process:
    alpha = exp(mul(a, T))
    sigma2 = mul(c, sub(ONE, exp(mul(number(2), a, T)))) if c != ONE else sub(ONE, exp(mul(number(2), a, T)))
    return Process(name, text, alpha, folded(sigma2), folded(a), g2, line=(c, c), constant=True)


def vp(beta: Scalar = Fraction(1)) -> Process:
    """dX = -(beta/2) X dt + sqrt(beta) dW: alpha = exp(-beta t/2), sigma^2 = 1 - alpha^2.

    Raises LawError if beta <= 0.
    """
    if isinstance(beta, Fraction) and beta <= 0:
        raise LawError(f"vp needs beta > 0, got {beta}")
    value = as_scalar_term(beta)
    text = "vp" if value == ONE else f"vp(beta={scalar_text(beta)})"
    return _constant("vp", text, neg(quot(value, number(2))), value, ONE)


def vp_linear(b0: Scalar, b1: Scalar) -> Process:
    """vp with beta(t) = b0 + (b1 - b0) t on [0, 1]. Raises LawError unless both ends are >= 0 and one is positive."""
    if any(isinstance(b, Fraction) and b < 0 for b in (b0, b1)) or (b0 == 0 and b1 == 0):
        raise LawError("vp(b0, b1) needs b0 and b1 >= 0, not both 0")
    start, slope = as_scalar_term(b0), sub(as_scalar_term(b1), as_scalar_term(b0))
    if slope == ZERO:
        return vp(b0)
    beta = add(start, mul(slope, T))
    grown = add(mul(start, T), quot(mul(slope, power(T, 2)), number(2)))  # the integral of beta
    alpha = exp(neg(quot(grown, number(2))))
    # slope t^2/2 + b0 t = -log alpha^2, the root that starts at 0
    reach = sub(power(start, 2), mul(number(2), slope, log(make("sym", (), "A"))))
    time = quot(sub(power(reach, HALF), start), slope)
    text = f"vp({scalar_text(b0)}, {scalar_text(b1)})"
    return Process(
        "vp", text, alpha, sub(ONE, exp(neg(grown))), neg(quot(beta, number(2))), beta,
        line=(ONE, ONE), time=time, horizon=Fraction(1),
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
    line=(number(Fraction(9, 7)), number(Fraction(113, 63))),
    constant=True,
)
"""Constant a = -7/20 and g^2 = 9/10 through alpha = 3/5, sigma = 4/5 at t = 0."""


def default_clock(process: Process) -> str:
    """The clock of rates when none is given: sigma^2 under ve, sigma under edm (its t), t otherwise."""
    return process.clock


# -- the grammar -------------------------------------------------------------------------------------------------------
_FORMS = "ve, edm, vp, vp(beta=2), vp(1/10, 20), ou(theta, g), linear(alpha=.., sigma=..)"


def _argument(reader: Reader, name: str) -> Scalar:
    """``name=value`` or ``value``, free of t."""
    if reader.next.kind == "name" and reader.next.text == name and reader.ahead(1).text == "=":
        reader.take()
        reader.take()
    start = reader.next
    value = _scalar(reader.scalar())
    if isinstance(value, Term) and "t" in symbols_of(value):
        reader.fail(f"{name} is a constant; for functions of t write linear(alpha=.., sigma=..)", start)
    return value


def _named(reader: Reader, name: str) -> Term:
    token = reader.name(f"{name}=")
    if token.text != name:
        reader.fail(f"expected {name}=.., found {token.text!r}", token)
    reader.expect("=", f"after {name}")
    return reader.scalar()


def parse_process(text: str) -> Process:
    """The process that ``text`` spells. Raises LawError with the column and the remedy, never anything else."""
    reader = Reader(text)
    head = reader.name(f"a process: {_FORMS}")
    try:
        process = _process(reader, head.text)
    except LawError as error:
        if hasattr(error, "column"):
            raise
        reader.fail(str(error), head)
    if process is None:
        reader.fail(f"unknown process {head.text!r}; known: {_FORMS}", head)
    reader.end()
    return process


def _process(reader: Reader, name: str) -> Process | None:
    if name in ("ve", "edm", "standing"):
        return {"ve": ve, "edm": edm}[name]() if name != "standing" else STANDING_PROCESS
    if name == "vp":
        if not reader.accept("("):
            return vp()
        first = _argument(reader, "beta")
        if not reader.accept(","):
            reader.expect(")", "to close vp(..)")
            return vp(first)
        second = _argument(reader, "beta")
        reader.expect(")", "to close vp(..)")
        return vp_linear(first, second)
    if name == "ou":
        reader.expect("(", "after ou, as in ou(1, 2)")
        theta = _argument(reader, "theta")
        reader.expect(",", "between theta and g")
        noise = _argument(reader, "g")
        reader.expect(")", "to close ou(..)")
        return ou(theta, noise)
    if name == "linear":
        reader.expect("(", "after linear, as in linear(alpha=exp(-t), sigma=sqrt(1-exp(-2*t)))")
        alpha = _named(reader, "alpha")
        reader.expect(",", "between alpha and sigma")
        sigma = _named(reader, "sigma")
        reader.expect(")", "to close linear(..)")
        return linear(alpha, sigma)
    return None
