"""Where a quantity is asked for: ``sigma=1/2, x=(1, 0), mu=2``. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from theory.calculus import as_scalar_term, fold_constants, symbols_of
from theory.grammar import Reader
from theory.language.definitions import CLOCKS
from theory.language.instances import LawError, Scalar, Vector
from theory.language.terms import Term
from theory.laws.grammar import read_vector

LEVELS = ("t", "sigma", "alpha", "snr", "nu", "log-sigma")


@dataclass(frozen=True)
class Place:
    """Where a quantity is asked for: one level, points (``x``, ``X0``) and values of symbols."""

    level: tuple[tuple[str, Scalar], ...]
    points: tuple[tuple[str, Vector], ...] = ()
    symbols: tuple[tuple[str, Scalar], ...] = ()

    @property
    def point(self) -> Vector | None:
        """The point x, if one is given."""
        return dict(self.points).get("x")


def parse_at(text: str) -> Place:
    """``sigma=1/2, x=1, mu=2`` as a place. At most one level may be given (a germ needs exactly one).

    Raises LawError with the column: a name given twice, two levels, a value that is not a constant.
    """
    reader = Reader(text)
    level: list[tuple[str, Scalar]] = []
    points: list[tuple[str, Vector]] = []
    symbols: list[tuple[str, Scalar]] = []
    seen: set[str] = set()
    while True:
        token = reader.name(f"one of {', '.join(LEVELS)}, x, or a symbol")
        name = token.text
        if name == "log" and reader.at("-") and reader.ahead(1).text == "sigma":
            reader.take()
            reader.take()
            name = "log-sigma"
        if reader.at("^"):
            reader.fail(f"give one of {', '.join(LEVELS)}, not a power", token)
        reader.expect("=", f"after {name}, as in {name}=1/2")
        if name in seen:
            reader.fail(f"{name} is given twice; give it once", token)
        seen.add(name)
        start = reader.next
        value = read_vector(reader)
        for entry in value:
            unbound = sorted(symbols_of(entry)) if isinstance(entry, Term) else []
            if unbound:
                reader.fail(f"{name} depends on {', '.join(unbound)}; give a number", start)
        if name in ("x", "X0"):
            points.append((name, value))
        elif len(value) != 1:
            reader.fail(f"{name} is one number, not a vector", start)
        elif name in LEVELS:
            if level:
                reader.fail(f"{level[0][0]} and {name} are both given; give exactly one of {', '.join(LEVELS)}", token)
            level.append((name, fold_constants(as_scalar_term(value[0]))))
        else:
            symbols.append((name, value[0]))
        if not reader.accept(","):
            break
    reader.end()
    return Place(tuple(level), tuple(points), tuple(symbols))


def check_clock(clock: str) -> str:
    """``clock`` itself. Raises LawError unless it is one of the clocks."""
    if clock not in CLOCKS:
        raise LawError(f"unknown clock {clock!r}; known: {', '.join(CLOCKS)}")
    return clock
