"""Core terms read at a model, from the definitions alone. Shares no code with the kernels or the numbers.

``Reader(model).entries(term, case)`` gives the entries of a term (1, D or D x D of them) as elements of the model's
ring; ``case`` names the values of X0 and Z where they are free. Only :func:`theory.language.definitions.unfold` is
used, so a theorem is never assumed.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

from proofs_checks.attack.diffusions import Diffusion, polynomial
from proofs_checks.attack.schedule import Matrix, determinant, inverse, signed, total
from proofs_checks.attack.series import Element, UnreadableError
from theory.language.definitions import unfold
from theory.language.terms import Term

_DENSITIES = ("p", "q")
_OF_CASE = ("kern", "p0", "pz", "wz")
_POSITIVE = frozenset({"p", "q", "kern", "p0", "pz", "wz", "pi", "exp", "dim"})


def orders(term: Term) -> tuple[int, int]:
    """The largest numbers of nested derivatives in x and in t."""
    inner = [orders(t) for t in term.args]
    nx, nt = max((u for u, _ in inner), default=0), max((v for _, v in inner), default=0)
    return nx + (term.op == "grad"), nt + (term.op == "dt")


class Reader:
    """One model and the values of the symbols in it."""

    def __init__(self, model: Any, symbols: dict[str, Fraction] | None = None, seed: object = 0) -> None:
        self.model, self.ring, self.D = model, model.ring, model.D
        self.symbols, self.seed = dict(symbols or {}), seed
        self._memo: dict[tuple[Term, int | None], list[Element]] = {}

    def entries(self, term: Term, case: int | None = None) -> list[Element]:
        """The entries of ``term``. Raises UnreadableError where the model has no value for it."""
        return self._core(unfold(term), case)

    def _core(self, term: Term, case: int | None) -> list[Element]:
        bound = case if term.free - {"x"} else None
        if term.free - {"x"} and case is None:
            raise UnreadableError("X0 or Z has no value here")
        found = self._memo.get((term, bound))
        if found is None:
            rule = getattr(self, f"_{term.op}", None)
            if rule is None:
                raise UnreadableError(f"the oracle does not read {term.op!r}")
            found = self._memo[term, bound] = rule(term, bound)
        return found

    def _scalar(self, term: Term, case: int | None) -> Element:
        (entry,) = self._core(term, case)
        return entry

    def _matrix(self, term: Term, case: int | None) -> Matrix:
        flat, D = self._core(term, case), self.D
        return [flat[i * D : (i + 1) * D] for i in range(D)]

    # -- leaves ---------------------------------------------------------------------------------------------------
    def _num(self, term: Term, case: int | None) -> list[Element]:
        return [self.ring.const(Fraction(str(term.data)))]

    def _pi(self, term: Term, case: int | None) -> list[Element]:
        return [self.ring.gen(("pi",))]

    def _sym(self, term: Term, case: int | None) -> list[Element]:
        name = str(term.data)
        if name not in self.symbols:
            self.symbols[name] = signed(Random(f"{self.seed}:{name}"))
        return [self.ring.const(self.symbols[name])]

    def _dim(self, term: Term, case: int | None) -> list[Element]:
        return [self.ring.const(self.D)]

    def _tfun(self, term: Term, case: int | None) -> list[Element]:
        if isinstance(self.model, Diffusion) and term.data != "g":
            raise UnreadableError(f"{term.data} of a general diffusion")
        return [self.model.schedule.named(str(term.data))]

    def _x(self, term: Term, case: int | None) -> list[Element]:
        return list(self.model.x())

    def _X0(self, term: Term, case: int | None) -> list[Element]:
        return list(self.model.X0(case))

    def _eye(self, term: Term, case: int | None) -> list[Element]:
        D = range(self.D)
        return [self.ring.one if i == j else self.ring.zero for i in D for j in D]

    def _origin(self, term: Term, case: int | None) -> list[Element]:
        return [self.ring.zero] * self.D

    def _f(self, term: Term, case: int | None) -> list[Element]:
        return list(self.model.f())

    def _p(self, term: Term, case: int | None) -> list[Element]:
        return [getattr(self.model, term.op)()]

    _q = _p

    def _kern(self, term: Term, case: int | None) -> list[Element]:
        return [getattr(self.model, term.op)(case)]

    _p0 = _pz = _wz = _kern

    def _mz(self, term: Term, case: int | None) -> list[Element]:
        return list(self.model.mz(case))

    def _Sz(self, term: Term, case: int | None) -> list[Element]:
        return [e for row in self.model.Sz(case) for e in row]

    def _field(self, term: Term, case: int | None) -> list[Element]:
        assert isinstance(term.data, tuple)
        random = Random(f"{self.seed}:{term.data[0]}:{self.D}")
        places = self.model.x()
        return [polynomial(self.ring, places, random, 3) for _ in range(self.D if term.data[1] else 1)]

    # -- arithmetic -------------------------------------------------------------------------------------------------
    def _add(self, term: Term, case: int | None) -> list[Element]:
        columns = [self._core(t, case) for t in term.args]
        return [total(entries) for entries in zip(*columns, strict=True)]

    def _mul(self, term: Term, case: int | None) -> list[Element]:
        scale, tensor = self.ring.one, None
        for t in term.args:
            if t.rank:
                tensor = self._core(t, case)
            else:
                scale = scale * self._scalar(t, case)
        return [scale] if tensor is None else [scale * e for e in tensor]

    def _pow(self, term: Term, case: int | None) -> list[Element]:
        return [self._scalar(term.args[0], case).power(Fraction(str(term.data)))]

    def _log(self, term: Term, case: int | None) -> list[Element]:
        return [self._logarithm(term.args[0], case)]

    def _logarithm(self, term: Term, case: int | None) -> Element:
        """log of a term; of a product of positive factors, the sum: densities then need not be written out."""
        if term.op in _DENSITIES:
            return getattr(self.model, f"l{term.op}")()  # type: ignore[no-any-return]
        if term.op in _OF_CASE:
            return getattr(self.model, f"l{term.op}")(case)  # type: ignore[no-any-return]
        if term.op == "mul" and all(map(self._is_positive, term.args)):
            return total(self._logarithm(t, case) for t in term.args)
        if term.op == "pow" and self._is_positive(term.args[0]):
            return self._logarithm(term.args[0], case).scaled(Fraction(str(term.data)))
        return self._scalar(term, case).log()

    def _is_positive(self, term: Term) -> bool:
        if term.op == "num":
            return isinstance(term.data, Fraction) and term.data > 0
        if term.op == "tfun":
            return term.data != "a"
        return term.op in _POSITIVE or (term.op in ("mul", "pow") and all(map(self._is_positive, term.args)))

    def _exp(self, term: Term, case: int | None) -> list[Element]:
        return [self._scalar(term.args[0], case).exp()]

    # -- tensors ------------------------------------------------------------------------------------------------------
    def _dot(self, term: Term, case: int | None) -> list[Element]:
        left, right = term.args
        u, v, D = self._core(left, case), self._core(right, case), self.D
        rows = [u[i : i + D] for i in range(0, len(u), D)]
        columns = [v[j :: len(v) // D] for j in range(len(v) // D)]
        return [total(a * b for a, b in zip(row, column, strict=True)) for row in rows for column in columns]

    def _outer(self, term: Term, case: int | None) -> list[Element]:
        u, v = (self._core(t, case) for t in term.args)
        return [a * b for a in u for b in v]

    def _tr(self, term: Term, case: int | None) -> list[Element]:
        flat = self._core(term.args[0], case)
        return [total(flat[i * self.D + i] for i in range(self.D))]

    def _transpose(self, term: Term, case: int | None) -> list[Element]:
        flat, D = self._core(term.args[0], case), self.D
        return [flat[j * D + i] for i in range(D) for j in range(D)]

    def _inv(self, term: Term, case: int | None) -> list[Element]:
        return [e for row in inverse(self._matrix(term.args[0], case)) for e in row]

    def _logdet(self, term: Term, case: int | None) -> list[Element]:
        return [determinant(self._matrix(term.args[0], case)).log()]

    def _coord(self, term: Term, case: int | None) -> list[Element]:
        flat = self._core(term.args[0], case)
        if not isinstance(term.data, int) or term.data > self.D:
            raise UnreadableError(f"component {term.data} in dimension {self.D}")
        return [flat[term.data - 1]]

    # -- calculus and averages ----------------------------------------------------------------------------------
    def _grad(self, term: Term, case: int | None) -> list[Element]:
        return [e.dx(i) for e in self._core(term.args[0], case) for i in range(self.D)]

    def _dt(self, term: Term, case: int | None) -> list[Element]:
        return [e.dt() for e in self._core(term.args[0], case)]

    def _post(self, term: Term, case: int | None) -> list[Element]:
        return list(self.model.post(lambda c: self._core(term.args[0], c)))

    def _E(self, term: Term, case: int | None) -> list[Element]:
        inner = term.args[0]
        return list(self.model.expect(lambda c: self._core(inner, c))) if inner.free else self._core(inner, None)

    def _at(self, term: Term, case: int | None) -> list[Element]:
        if term.args[1].op != "origin":
            raise UnreadableError("a value at another point")
        return [self.model.at_zero(e) for e in self._core(term.args[0], case)]
