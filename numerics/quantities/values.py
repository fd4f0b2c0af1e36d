"""The numbers a theorist asks for: ``value("bandwidth", law, process, "sigma=1/20")`` with rigorous relative digits.

Unlike evidence, a value may use theorems; it names the claims in ``uses``. A small quantity is integrated itself (the
bandwidth is g^2 alpha^2/(2 sigma^4) E tr Cov, never D/sigma^2 - E|s|^2), so that digits are relative.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from numerics.enclosures import enclose
from numerics.quantities.asked import bound_at, clock_of, germ_at, point_of
from numerics.quantities.derivatives import ORDERS, Derivation
from numerics.quantities.printing import MAX_DIGITS, printed, reached
from numerics.quantities.record import QuantityError, Value
from numerics.quantities.table import QUANTITIES, Quantity
from numerics.quantities.task import EXACT, Task
from theory.language.definitions import CLOCKS
from theory.language.instances import Germ, Instance, Law, Scalar
from theory.language.terms import Term
from theory.laws import bind_law, free_symbols, parse_law
from theory.processes import Place, Process, parse_at, parse_process
from theory.typeset.text import term_text


def value(
    quantity: str,
    law: Law | str,
    process: Process | Germ | str = "ve",
    at: Place | str | None = None,
    *,
    clock: str | None = None,
    digits: int = 15,
    bits: bool = False,
    by: str | None = None,
    order: int = 1,
) -> Value:
    """The quantity to ``digits`` relative digits: radius <= 10^-digits |value|.

    ``at``: one level, points and symbols, as ``"sigma=1/2, x=1, mu=2"`` (no level beside a germ). ``clock``: of rates
    only. ``bits``: entropies in bits. ``by``: the ``order``-th derivative (1 or 2), along the process by a clock, or at
    this level by a symbol of the law. If the digits are not reached the best ball is returned (``Value.complete``).
    Raises LawError (QuantityError): malformed input, an unbound symbol, a point where none belongs; Unsupported:
    a quantity that is not available for this law.
    """
    start = time.perf_counter()
    wanted = QUANTITIES.get(quantity)
    if wanted is None:
        raise QuantityError(f"unknown quantity {quantity!r}; known: {', '.join(QUANTITIES)}")
    if not 1 <= digits <= MAX_DIGITS:
        raise QuantityError(f"digits = {digits}; give a number from 1 to {MAX_DIGITS}")
    law = parse_law(law) if isinstance(law, str) else law
    process = parse_process(process) if isinstance(process, str) else process
    place = parse_at(at) if isinstance(at, str) else at or Place(())
    chosen = clock_of(wanted, process, clock)
    if by is not None:
        result = _derived(wanted, law, process, place, chosen, digits, by, order)
        result = replace(result, seconds=time.perf_counter() - start)
        return result.in_bits() if bits else result
    law, germ = bound_at(law, process, place)
    task = Task(wanted, law, germ, chosen, digits)
    if wanted.kind == "point":
        balls, guarantee, method, uses = task.at_point(point_of(law, place, wanted.name))
    else:
        if place.points:
            raise QuantityError(f"{quantity} is a number and takes no point; leave {place.points[0][0]}=.. out")
        balls, guarantee, method, uses = task.number()
    texts = printed(balls, digits)
    result = Value(
        quantity, wanted.unit, chosen, texts[0], texts[1], reached(texts, digits), guarantee, method, uses,
        time.perf_counter() - start, digits, None, balls,
    )  # fmt: skip
    return result.in_bits() if bits else result


def _derived(
    wanted: Quantity, law: Law, process: Process | Germ, place: Place, clock: str | None, digits: int, by: str,
    order: int,
) -> Value:  # fmt: skip
    """A derivative by a clock or by a symbol of the law."""
    if wanted.kind == "point":
        raise QuantityError(f"{wanted.name} is a field; derivatives are of numbers and rates")
    if order not in ORDERS:
        raise QuantityError(f"order = {order}; give 1 or 2")
    if place.points:
        raise QuantityError(f"{wanted.name} is a number and takes no point; leave {place.points[0][0]}=.. out")
    symbols: tuple[tuple[str, Scalar], ...] = ()
    bound, germ = bound_at(law, process, place, order)
    if by in CLOCKS:
        law = bound
    else:
        law = bind_law(law, {name: value for name, value in place.symbols if name != by})
        symbols = tuple((name, value) for name, value in place.symbols if name == by)
        if not symbols or by not in free_symbols(law):
            known = ", ".join(CLOCKS)
            raise QuantityError(f"{by} is no clock ({known}) and no symbol of the law with a value in the place")
        if law.is_discrete != bound.is_discrete or len(set(_places(law))) != len(set(_places(bound))):
            raise QuantityError(f"the law changes its kind at this value of {by}; derive at another value")
    task = Derivation(wanted, law, germ, clock, by, order, digits, symbols)
    found, guarantee, method, uses = task.result()
    if not found.is_finite():
        raise QuantityError(f"the clock {by} stands still at this level, so nothing can be derived by it")
    texts = printed(found, digits)
    return Value(
        wanted.name, wanted.unit, clock, texts[0], texts[1], reached(texts, digits), guarantee, method, uses, 0.0,
        digits, None, found, by, order,
    )  # fmt: skip


def _places(law: Law) -> list[Any]:
    return [part.mean for part in law.components]


def term_value(
    term: Term, law: Law | str, process: Process | Germ | str = "ve", at: Place | str | None = None, *, digits: int = 15
) -> Value:
    """The value of any term of the statement language, from the definitions alone, to ``digits`` relative digits.

    ``at``: one level, points ``x`` and ``X0`` where the term has them, and symbols of the law. The unit is that of the
    term (entropies are in nats). Raises LawError for malformed input, Unsupported for a form without a rigorous bound.
    """
    start = time.perf_counter()
    if not 1 <= digits <= MAX_DIGITS:
        raise QuantityError(f"digits = {digits}; give a number from 1 to {MAX_DIGITS}")
    law = parse_law(law) if isinstance(law, str) else law
    process = parse_process(process) if isinstance(process, str) else process
    place = parse_at(at) if isinstance(at, str) else at or Place(())
    law, germ = bound_at(law, process, place, 3)
    points = dict(place.points)
    found = enclose(
        term, Instance(law, germ), x=points.get("x"), X0=points.get("X0"), digits=digits + 2,
        max_bits=8 * digits + 6000,
    )  # fmt: skip
    texts = printed(found.value, digits)
    return Value(
        term_text(term), "1", None, texts[0], texts[1], reached(texts, digits), found.guarantee, found.method, (),
        time.perf_counter() - start, digits, None, found.value,
    )  # fmt: skip


__all__ = ["EXACT", "QUANTITIES", "Quantity", "QuantityError", "Value", "clock_of", "germ_at", "term_value", "value"]
