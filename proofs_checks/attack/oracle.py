"""The oracle: is a statement false? An exact witness, found and checked without the kernels and the numbers.

``judge(statement, setting, seed)`` evaluates both sides at a ladder of random exact instances: finitely many atoms or
Gaussian components near a point, Gaussian laws and their neighbours, diffusions. A statement is FALSE if the residual
at one of them is a rational that is not 0 (or has the wrong sign), or lies in a rational interval that excludes 0.
Otherwise it is OPEN (0 wherever it could be read) or UNREAD. Only FALSE is a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any, Union

from proofs_checks.attack.diffusions import Diffusion
from proofs_checks.attack.enclose import Interval
from proofs_checks.attack.laws import GaussianLaw
from proofs_checks.attack.mixtures import LocalMixture
from proofs_checks.attack.reading import Reader, orders
from proofs_checks.attack.schedule import positive, signed
from proofs_checks.attack.series import Element, Ring, UnreadableError
from theory.language.definitions import unfold
from theory.language.instances import Law, Setting
from theory.language.statements import Chain, Rel
from theory.language.terms import Term, walk

FALSE, OPEN, UNREAD = "false", "open", "unread"
_DEEP = 3
"""Orders in x at which a residual is looked at where the point is forced (the origin of a symmetric law)."""
_LIMIT = 6


@dataclass(frozen=True)
class Witness:
    """Why a statement is false: the instance, the entry, and the residual (exact, or the ends of an interval)."""

    kind: str
    residual: tuple[str, ...]
    instance: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """The verdict, the witness if it is FALSE, and at how many instances the statement was read."""

    verdict: str
    witness: Witness | None = None
    read: int = 0


def judge(statement: Union[Rel, Chain], setting: Setting, seed: object = 0, models: int = 9) -> Judgement:
    """Look for an instance at which ``statement`` fails, at no more than ``models`` of them."""
    relations = statement.links if isinstance(statement, Chain) else (statement,)
    read = 0
    for relation in relations:
        for count, reader in enumerate(_ladder(relation, setting, f"{seed}")):
            if count >= models:
                break
            try:
                witness = refutes(relation, reader)
            except (UnreadableError, ArithmeticError):  # not read here, or an interval that is too wide
                continue
            if witness is not None:
                return Judgement(FALSE, witness, read + 1)
            read += 1
    return Judgement(OPEN if read else UNREAD, None, read)


def residual(relation: Rel, reader: Reader, case: int | None) -> list[Element]:
    """lhs - rhs, entry by entry, as elements of the ring of the model."""
    sides = reader.entries(relation.lhs, case), reader.entries(relation.rhs, case)
    return [u - v for u, v in zip(*sides, strict=True)]


def refutes(relation: Rel, reader: Reader) -> Witness | None:
    """A witness that ``relation`` fails at the model of ``reader``. Raises UnreadableError."""
    cases: Any = reader.model.cases if relation.free - {"x"} else (None,)
    for case in cases:
        for number, entry in enumerate(residual(relation, reader, case)):
            found = _failure(relation, reader, entry)
            if found is not None:
                kind, values = found
                place = {"entry": number} | ({} if case is None else {"case": case})
                return Witness(f"{reader.model.kind}: {kind}", values, {**reader.model.described(), **place})
    return None


def _failure(relation: Rel, reader: Reader, entry: Element) -> tuple[str, tuple[str, ...]] | None:
    """How an entry of the residual fails: (kind, exact values)."""
    ring, rows = entry.ring, entry.coefficients()
    depth = _DEEP if getattr(reader.model, "at_origin", False) else 0
    for key in sorted(rows):
        if key & 255 or ((key >> 16) & 255) > depth:
            continue  # what is left after every derivative is the value at t0 (and x0)
        powers: dict[Any, dict[Any, Fraction]] = {}
        for gens, value in rows[key].items():
            constants = tuple(pair for pair in gens if pair[0] not in ring.exponentials)
            powers.setdefault(tuple(pair for pair in gens if pair not in constants), {})[constants] = value
        # polynomials times different powers of a Gaussian density are independent functions of x
        sign, values = next((found for row in powers.values() if (found := _sign(row, reader))[0]), (0, ()))
        if not sign or (relation.relation != "=" and any(powers)):
            continue
        if relation.relation == "=":
            return f"{'interval' if len(values) > 1 else 'rational'}, order {(key >> 8) & 255}", values
        if key == 0 and (ring.local or len(rows) == 1 or not relation.free):
            holds = sign > 0 if relation.relation in (">", ">=") else sign < 0
            return None if holds else ("sign", values)
    return None


def _sign(row: dict[Any, Fraction], reader: Reader) -> tuple[int, tuple[str, ...]]:
    if set(row) == {()}:
        value = row[()]
        return (1 if value > 0 else -1), (str(value),)
    found = Interval(0, 0)
    for gens, value in row.items():
        piece = Interval(value, value)
        for name, exponent in gens:
            piece = piece * reader.model.constant(name).power(exponent)
        found = found + piece
    return found.sign, (f"{float(found.lo):.17g}", f"{float(found.hi):.17g}")


def _ladder(relation: Rel, setting: Setting, seed: str) -> Iterator[Reader]:
    """Readers at instances of the setting, the cheap ones first."""
    sides = unfold(relation.lhs), unfold(relation.rhs)
    nodes = [n for side in sides for n in walk(side)]
    ops = {n.op for n in nodes}
    nx, nt = (max(pair) for pair in zip(*map(orders, sides), strict=True))
    least = max((int(str(n.data)) for n in nodes if n.op == "coord"), default=1)
    if nx > _LIMIT or nt > 2:
        return
    if isinstance(setting.law, Law):
        yield from _concrete(setting, setting.law, nx, nt, seed)
        return
    sizes = [setting.D] if setting.D else [d for d in (1, 2, 3) if d >= least]
    averages, process, law = "E" in ops, setting.process.name, setting.law.name
    for D in sizes if process != "diffusion" else ():
        random = Random(f"{seed}:{D}")
        symbols = _symbols(setting, random)
        if averages and law == "discrete" and "p0" in ops:
            return  # a Gaussian law is a limit of discrete ones for what does not see p0
        if averages or law == "gaussian":
            labelled = bool(ops & {"pz", "wz"}) and law not in ("gaussian", "mixture")
            for ne in _neighbours(D, law, labelled):
                components = law in ("gaussian", "mixture")
                model = GaussianLaw(Ring(D, nt, None, ne), process, random, components, labelled=labelled and ne > 0)
                yield Reader(model, symbols, f"{seed}:{D}")
            continue
        for K in (2, 3, 4) if D < 3 else (3,):
            try:
                ring = Ring(D, nt, nx)
                yield Reader(
                    LocalMixture(ring, process, random, K, law == "mixture", at_origin="at" in ops),
                    symbols,
                    f"{seed}:{D}",
                )
            except UnreadableError:
                continue
    for D in sizes if process == "diffusion" and setting.law.name == "any" else ():
        random = Random(f"{seed}:{D}")
        for ne in ((0, 1) if averages else (0,)) if D < 3 else ():
            ring = Ring(D, nt, None, ne) if averages else Ring(D, nt, nx + 2 * nt)
            yield Reader(Diffusion(ring, random), _symbols(setting, random), f"{seed}:{D}")


def _neighbours(D: int, law: str, labelled: bool) -> tuple[int, ...]:
    """To which orders in e Gaussian laws are disturbed; a label that tells little is seen in second order."""
    if D > 2:
        return ()
    if law in ("gaussian", "mixture"):
        return (0,)
    return (0, 1, 2) if D == 1 else (0, 2) if labelled else (0, 1)


def _symbols(setting: Setting, random: Random) -> dict[str, Fraction]:
    return {str(t.data): positive(random) for t in (*setting.positive, *setting.nonnegative)}


def _concrete(setting: Setting, law: Law, nx: int, nt: int, seed: str) -> Iterator[Reader]:
    """Readers of a concrete law, whose symbols are drawn; at the origin, or over the line for one Gaussian."""
    random = Random(seed)
    for _ in range(2):
        symbols = _symbols(setting, random)
        ring = Ring(law.D, nt, nx + _DEEP)
        process = setting.process.name
        try:
            parts = [(bind(c.weight, symbols), tuple(bind(v, symbols) for v in c.mean),
                      [[bind(v, symbols) for v in row] for row in c.cov]) for c in law.components]  # fmt: skip
            if len(parts) == 1 and any(map(any, parts[0][2])):
                yield Reader(GaussianLaw(Ring(law.D, nt, None), process, random, True, parts[0][1:]), symbols, seed)
            else:
                yield Reader(LocalMixture(ring, process, random, 0, given=parts), symbols, seed)
        except UnreadableError:
            continue


def bind(value: Fraction | Term, symbols: dict[str, Fraction]) -> Fraction:
    """A parameter of a law with its symbols given values. Raises UnreadableError if it is not rational."""
    if isinstance(value, Fraction):
        return value
    core = unfold(value)
    if core.op == "sym":
        return symbols.setdefault(str(core.data), signed(Random(str(core.data))))
    if core.op == "num":
        return Fraction(str(core.data))
    inner = [bind(t, symbols) for t in core.args]
    if core.op == "add":
        return sum(inner, Fraction(0))
    if core.op == "mul":
        out = Fraction(1)
        for item in inner:
            out *= item
        return out
    exponent = Fraction(str(core.data)) if core.op == "pow" else Fraction(1, 2)
    if exponent.denominator == 1 and inner[0]:
        return inner[0] ** int(exponent)
    raise UnreadableError("a law whose parameters are not rational here")
