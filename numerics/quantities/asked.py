"""Reading what was asked: clocks, and laws and germs with every symbol bound and every entry checked."""

from __future__ import annotations

from fractions import Fraction

from numerics.balls import working
from numerics.enclosures import ball_interpreter
from numerics.evaluate import Interpreter
from numerics.quantities.gaussian import is_positive_definite
from numerics.quantities.record import QuantityError
from numerics.quantities.table import Quantity
from theory.calculus import symbols_of
from theory.language.instances import STANDING_GERM, Germ, Law, Scalar, gaussian
from theory.language.terms import Term
from theory.laws import bind_law, free_symbols
from theory.processes import Place, Process, check_clock
from theory.typeset.text import vector_text

_STANDARD = gaussian(0, 1)


def clock_of(wanted: Quantity, process: Process | Germ, clock: str | None) -> str | None:
    """The clock of a rate, by default the process's own; None for a number. Raises LawError: a clock where none is."""
    if wanted.kind != "rate":
        if clock is not None:
            raise QuantityError(f"{wanted.name} is no rate and has no clock; leave the clock out")
        return None
    if clock is not None:
        return check_clock(clock)
    return process.clock if isinstance(process, Process) else "t"


def germ_at(process: Process | Germ, place: Place) -> Germ:
    """The germ at ``place``, checked, with every symbol bound. Raises LawError."""
    return bound_at(_STANDARD, process, place)[1]


def bound_at(law: Law, process: Process | Germ, place: Place, order: int = 0) -> tuple[Law, Germ]:
    """Law and germ with every symbol bound, checked; the germ holds ``order`` derivatives. Raises LawError."""
    symbols = dict(place.symbols)
    known = free_symbols(law) | (process.free_symbols() if isinstance(process, Process) else frozenset())
    stray = sorted(set(symbols) - known)
    if stray:
        raise QuantityError(f"{stray[0]} occurs neither in the law nor in the process; leave {stray[0]}=.. out")
    missing = sorted(known - set(symbols))
    if missing:
        raise QuantityError(f"the symbol {missing[0]} has no value; add {missing[0]}=.. to the place")
    if isinstance(process, Germ):
        if place.level:
            raise QuantityError("a germ is already at one time; leave the level out")
        germ = process
    else:
        germ = process.bind(symbols).germ(dict(place.level), order=order)
    _check_germ(germ)
    law = bind_law(law, symbols)
    check_law(law)
    return law, germ


def _check_germ(germ: Germ) -> None:
    entries: tuple[tuple[str, Scalar], ...] = (("alpha", germ.alpha), ("sigma", germ.sigma), ("g^2", germ.g2[0]))
    for name, entry in (*entries, ("a", germ.a[0])):
        unbound = sorted(symbols_of(entry)) if isinstance(entry, Term) else []
        if unbound:
            raise QuantityError(f"{name} depends on {unbound[0]}; give it a value")
    with working(200):
        plain = ball_interpreter(_STANDARD, germ, bits=64)
        for name, entry in entries:
            if not (entry if isinstance(entry, Fraction) else plain.scalar(entry)) > 0:
                raise QuantityError(f"{name} is not positive at this level; give another one")


def check_law(law: Law) -> None:
    """Irrational weights and covariances, which the law could not check itself, are certainly positive."""
    if law.is_numeric:
        return
    with working(200):
        plain = ball_interpreter(law, STANDING_GERM, bits=64)
        _check_places(law, plain)
        for number, part in enumerate(law.components, 1):
            if isinstance(part.weight, Term) and not plain.scalar(part.weight) > 0:
                raise QuantityError(f"component {number}: the weight is not positive")
            if any(isinstance(v, Term) for row in part.cov for v in row):
                cov = [[plain.scalar(v) for v in row] for row in part.cov]
                if not is_positive_definite(cov):
                    raise QuantityError(f"component {number}: the covariance cannot be seen to be positive definite")


def _check_places(law: Law, plain: Interpreter) -> None:
    """Atoms written differently are at different places: X0 would have a wrong probability mass otherwise."""
    if not law.is_discrete:
        return
    written = list(dict.fromkeys(part.mean for part in law.components))
    places = [[plain.scalar(v) for v in mean] for mean in written]
    for k, left in enumerate(places):
        for right in places[:k]:
            if all((u - v).contains(0) for u, v in zip(left, right, strict=True)):
                raise QuantityError("two atoms whose places cannot be told apart; write equal places alike")


def point_of(law: Law, place: Place, name: str) -> tuple[Scalar, ...]:
    """The point x of ``place``. Raises QuantityError: none is given, or of another dimension."""
    point = place.point
    if point is None:
        example = ", x=1" if law.D == 1 else f", x=({', '.join(['1'] * law.D)})"
        raise QuantityError(f"{name} is a function of x; add a point to the place, as in sigma=1{example}")
    if len(point) != law.D:
        raise QuantityError(f"x = {vector_text(point)} has {len(point)} entries, the law is in D = {law.D}")
    return point
