"""A linear forward process as exact data, and its germs. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

from theory.calculus import (
    ONE,
    as_scalar_term,
    at_symbols,
    diff,
    estimate,
    fold_constants,
    folded,
    mul,
    power,
    symbols_of,
)
from theory.grammar import as_number
from theory.language.instances import Germ, LawError, Scalar
from theory.language.terms import Term, walk
from theory.places import LEVELS
from theory.processes.curves import Curve, Line, Still, place_on
from theory.typeset.text import scalar_text

HALF = Fraction(1, 2)
MAX_NODES = 20_000


@dataclass(frozen=True)
class State:
    """A variable u that moves by itself, u' = rate(u), and drives the process: a and g^2 are terms in ``u``.

    For processes whose time at a level has no closed form: the cosine schedule has u = tan of its angle. ``value`` is u
    as a term in the symbol ``A`` = alpha^2.
    """

    value: Term
    rate: Term
    a: Term
    g2: Term


@dataclass(frozen=True)
class Process:
    """A linear process dX = a X dt + g dW, as terms in the symbol ``t``.

    alpha' = a alpha and g^2 = (sigma^2)' - 2 a sigma^2.

    ``curve``: how alpha^2 and sigma^2 hang together, where a level other than t may be given. ``time``: t as a term in
    the symbol ``A`` = alpha^2 or ``V`` = sigma^2, where it has a closed form; ``time_of_sigma2``: the same in ``V``,
    for levels of sigma, where alpha^2 would not tell on which side of alpha = 0 the level lies; ``state`` serves germs
    where there is no closed form.
    ``constant``: a and g^2 do not depend on t. ``start``, ``horizon``: the process runs for t > start up to the
    horizon, and to the horizon itself unless it is ``open``; None: no bound but sigma^2 > 0.
    """

    name: str
    text: str
    alpha: Term
    sigma2: Term
    a: Term
    g2: Term
    curve: Curve | None = None
    time: Term | None = None
    time_of_sigma2: Term | None = None
    state: State | None = None
    constant: bool = False
    start: Fraction | None = None
    horizon: Fraction | None = None
    open: bool = False
    clock: str = "t"

    @property
    def sigma(self) -> Term:
        """sigma(t), the positive root."""
        return power(self.sigma2, HALF)

    @property
    def line(self) -> tuple[Term, Term] | None:
        """(c, k) where sigma^2 = c - k alpha^2; (1, 1) is variance preserving."""
        return (self.curve.c, self.curve.k) if isinstance(self.curve, Line) else None

    def free_symbols(self) -> frozenset[str]:
        """The names of the symbols in the process, besides t."""
        every = (self.alpha, self.sigma2, self.a, self.g2)
        return frozenset().union(*(symbols_of(term) for term in every)) - {"t"}

    def bind(self, values: Mapping[str, Scalar]) -> Process:
        """The process with symbols replaced and numbers folded. Raises LawError on a division by zero."""
        kept = {name: value for name, value in values.items() if name != "t"}
        if not self.free_symbols() & set(kept):
            return self

        def put(term: Term) -> Term:
            return folded(at_symbols(term, kept))

        state = self.state
        if state is not None:
            state = State(put(state.value), put(state.rate), put(state.a), put(state.g2))
        return replace(
            self, alpha=put(self.alpha), sigma2=put(self.sigma2), a=put(self.a), g2=put(self.g2),
            curve=None if self.curve is None else self.curve.bind(put),
            time=None if self.time is None else put(self.time),
            time_of_sigma2=None if self.time_of_sigma2 is None else put(self.time_of_sigma2), state=state,
        )  # fmt: skip

    # -- germs ---
    def germ(self, at: Mapping[str, Scalar], order: int = 3) -> Germ:
        """The germ at exactly one level of ``LEVELS``, with ``order`` derivatives of a and g^2.

        Raises LawError: no level or several, a level out of range, or a level from which t has no closed form.
        """
        kinds = [kind for kind in at if kind in LEVELS]
        if len(kinds) != 1 or len(at) != 1:
            raise LawError(f"give exactly one of {', '.join(LEVELS)}, got {', '.join(at) or 'none'}")
        kind, level = kinds[0], at[kinds[0]]
        if kind not in ("log-sigma", "t") and isinstance(level, Fraction) and level <= 0:
            raise LawError(f"{kind} = {level} is not positive; give a positive {kind}")
        alpha2, sigma2 = self._place(kind, as_scalar_term(level))
        for name, square in (("alpha", alpha2), ("sigma", sigma2)):
            self._positive(square, f"no {name} > 0", kind, level)
        alpha = at.get("alpha", fold_constants(power(alpha2, HALF)))
        if kind == "t":
            alpha = fold_constants(at_symbols(self.alpha, {"t": level}))
            self._positive(as_scalar_term(alpha), "no alpha > 0", kind, level)
        sigma = at.get("sigma", fold_constants(power(sigma2, HALF)))
        a, g2 = self._drivers(kind, level, alpha2, sigma2, order)
        self._positive(as_scalar_term(g2[0]), "no g^2 > 0", kind, level)
        return Germ(alpha, sigma, a, g2, constant=self.constant)

    def time_at(self, kind: str, level: Scalar) -> Term | None:
        """t as a term at a level, None where it has no closed form. Raises LawError as :meth:`germ` does."""
        if kind == "t":
            return as_scalar_term(level)
        return self._time(kind, *self._place(kind, as_scalar_term(level)))

    def _place(self, kind: str, level: Term) -> tuple[Term, Term]:
        """(alpha^2, sigma^2) at the level."""
        if kind == "t":
            self._within(level, kind, level)
            alpha2, sigma2 = (folded(at_symbols(term, {"t": level})) for term in (power(self.alpha, 2), self.sigma2))
            return alpha2, sigma2
        if self.curve is None:
            raise LawError(f"the time at which {kind} = {scalar_text(_scalar(level))} has no closed form here; give t")
        if self.curve == Still() and kind == "alpha":
            raise LawError(f"alpha is 1 at all times under {self.text}; give sigma or t")
        alpha2, sigma2 = place_on(self.curve, kind, level)
        return folded(alpha2), folded(sigma2)

    def _time(self, kind: str, alpha2: Term, sigma2: Term) -> Term | None:
        by_sigma = kind in ("sigma", "log-sigma") and self.time_of_sigma2 is not None
        formula = self.time_of_sigma2 if by_sigma else self.time
        return None if formula is None else folded(at_symbols(formula, {"A": alpha2, "V": sigma2}))

    def _drivers(
        self, kind: str, level: Scalar, alpha2: Term, sigma2: Term, order: int
    ) -> tuple[tuple[Scalar, ...], tuple[Scalar, ...]]:
        """The derivatives of a and g^2 at the place."""
        if self.constant:
            return self._derivatives(self.a, "t", ONE, ONE, order), self._derivatives(self.g2, "t", ONE, ONE, order)
        time = as_scalar_term(level) if kind == "t" else self._time(kind, alpha2, sigma2)
        if time is not None:
            self._within(time, kind, as_scalar_term(level))
            return self._derivatives(self.a, "t", time, ONE, order), self._derivatives(self.g2, "t", time, ONE, order)
        state = self.state
        if state is None:
            raise LawError(f"the time of this level has no closed form under {self.text}; give t")
        u = folded(at_symbols(state.value, {"A": alpha2}))
        return tuple(self._derivatives(f, "u", u, state.rate, order) for f in (state.a, state.g2))  # type: ignore[return-value]

    def _derivatives(self, term: Term, symbol: str, value: Term, rate: Term, order: int) -> tuple[Scalar, ...]:
        """``term`` and its time derivatives where the symbol, which moves at ``rate``, has the value."""
        values: list[Scalar] = []
        for _ in range(order + 1):
            values.append(fold_constants(at_symbols(term, {symbol: value})))
            term = mul(diff(term, symbol), rate)
            if sum(1 for _ in walk(term)) > MAX_NODES:
                raise LawError(f"the derivatives of {self.text} are too long; write a shorter formula")
        return tuple(values)

    # -- refusals ---
    def _within(self, time: Term, kind: str, level: Term) -> None:
        """Refuse a time outside the process; irrational ones near an end are left to the balls."""
        exact = as_number(time)
        value = exact if exact is not None else estimate(time)
        if value is None:
            if _is_imaginary(time):
                self._refuse(kind, level)
            return
        slack = 0 if exact is not None else 1e-9
        low = self.start is not None and value <= self.start - slack
        end = self.horizon
        high = end is not None and (value > end + slack or (self.open and exact is not None and value == end))
        if low or high:
            self._refuse(kind, level)

    def _refuse(self, kind: str, level: Term) -> NoReturn:
        end = self.horizon
        first = "-oo" if self.start is None else self.start
        span = f"({first}, oo)" if end is None else f"({first}, {end}{')' if self.open else ']'}"
        shown = f"{kind} = {scalar_text(_scalar(level))}"
        if kind == "t":
            raise LawError(f"{shown} is outside {span}, where {self.text} is defined; give a time within")
        raise LawError(f"{shown} is not reached for t in {span}, where {self.text} is defined; give another level")

    def _positive(self, term: Term, lack: str, kind: str, level: Scalar) -> None:
        """Refuse a number that is <= 0; values near zero are left to the balls."""
        value = as_number(term)
        rough = None if value is not None else estimate(term)
        if (value is not None and value <= 0) or (rough is not None and rough < -1e-9):
            raise LawError(f"{kind} = {scalar_text(level)} gives {lack} under {self.text}; {self._remedy(kind)}")

    def _remedy(self, kind: str) -> str:
        unit = self.curve is not None and not isinstance(self.curve, (Still, Line))
        if kind in ("sigma", "alpha") and (unit or self.curve == Line(ONE, ONE)):
            return f"give 0 < {kind} < 1"
        return "give another level"


def _is_imaginary(term: Term) -> bool:
    """Whether a square root of a clearly negative number occurs in ``term``."""
    roots = [node.args[0] for node in walk(term) if node.op == "pow" and node.data == HALF]
    return any(value is not None and value < -1e-9 for value in map(estimate, roots))


def _scalar(term: Term) -> Scalar:
    value = as_number(term)
    return term if value is None else value
