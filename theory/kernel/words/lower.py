"""From terms to elements of the matrix-word kernel. Trusted; standard library plus theory.language only.

The term is unfolded to core operators first, so only definitions are used. Under the matrix process f stands for A x;
alpha, sigma, a, g and X0 have no meaning there, and A and G none under the linear ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from theory.kernel.errors import BudgetError, KernelError, UnsupportedError
from theory.kernel.words.algebra import Algebra
from theory.kernel.words.elements import (
    DIM,
    ONE,
    ZERO,
    Element,
    End,
    I,
    J,
    Scalars,
    Tag,
    constant,
    generator,
    on_circle,
    total,
)
from theory.kernel.words.inverses import IDENTITY, inverse, letter, log_det, logarithm, word
from theory.kernel.words.moments import renamed
from theory.kernel.words.motion import END, Motion, X, vector
from theory.language.definitions import CLOCK_TERM, unfold, unfold_linear
from theory.language.terms import Term, make

POWER_LIMIT, BIT_LIMIT = 64, 50_000


@dataclass
class Lowering:
    """One reading of one statement. ``inverses`` maps each inverted sum to the term it came from."""

    algebra: Algebra
    inverses: dict[Scalars, Term] = field(default_factory=dict)
    _memo: dict[tuple[Term, tuple[int, ...]], Element] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.motion = Motion(self.algebra)
        self._clocks: list[Element] | None = None

    def core(self, term: Term) -> Term:
        """The term in core operators, about this process."""
        return unfold_linear(term) if self.motion.is_linear else unfold(term)

    def element(self, term: Term, indices: tuple[int, ...] = ()) -> Element:
        """The element of ``term`` with its free indices named ``indices``. Raises UnsupportedError naming the part."""
        return self._core(self.core(term), indices)

    def _core(self, term: Term, indices: tuple[int, ...]) -> Element:
        if len(indices) != term.rank or len(set(indices)) != len(indices) or any(i < 1 for i in indices):
            raise UnsupportedError(f"{term.op} of rank {term.rank} read with indices {indices}")
        key = (term, indices)
        if key not in self._memo:
            if term.op not in _RULES:
                raise UnsupportedError(f"the matrix-word kernel does not read {term.op!r}")
            self._memo[key] = getattr(self, f"_{term.op}")(term, indices)
        return self._memo[key]

    def _matrix(self, term: Term) -> Element:
        return self._core(term, (1, 2))

    def _placed(self, element: Element, indices: tuple[int, ...]) -> Element:
        """An element with open indices 1 (and 2) under other names, by way of names that are not in use."""
        away = {I: ("i", -1), J: ("i", -2)}
        back: dict[End, End] = {("i", -n): ("i", i) for n, i in enumerate(indices, 1)}
        return renamed(renamed(element, away, self.algebra), back, self.algebra)

    # -- leaves ----------------------------------------------------------------------------------------------------
    def _num(self, term: Term, indices: tuple[int, ...]) -> Element:
        return constant(Fraction(str(term.data)))

    def _pi(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("pi")

    def _sym(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("sym", term.data)

    def _dim(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator(*DIM)

    def _tfun(self, term: Term, indices: tuple[int, ...]) -> Element:
        if not self.motion.is_linear:
            raise UnsupportedError(f"{term.data} has no meaning for dX = A X dt + B dW: write A and G")
        if term.data == "a":
            return self.motion.a()
        return self.motion.alpha() if term.data == "alpha" else generator(str(term.data))

    def _x(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self._placed(vector(X), indices)

    def _X0(self, term: Term, indices: tuple[int, ...]) -> Element:
        if not self.motion.is_linear:
            raise UnsupportedError("the matrix process is read through the law of X_t alone, without X0")
        return self._placed(vector(END), indices)

    def _f(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self._placed(vector(X, letter("A")), indices)

    def _mat(self, term: Term, indices: tuple[int, ...]) -> Element:
        if self.motion.is_linear:
            raise UnsupportedError(f"{term.data} is a matrix of the matrix process: write a and g")
        return self._placed(word(letter(str(term.data))), indices)

    def _eye(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self._placed(IDENTITY, indices)

    def _origin(self, term: Term, indices: tuple[int, ...]) -> Element:
        return ZERO

    def _density(self, term: Term, indices: tuple[int, ...]) -> Element:
        name = "k" if term.op == "kern" else term.op
        self.motion.log_density(name)  # refuses what the process does not have
        return generator(name)

    _p = _q = _kern = _p0 = _density

    # -- arithmetic ------------------------------------------------------------------------------------------------
    def _add(self, term: Term, indices: tuple[int, ...]) -> Element:
        return total(self._core(t, indices) for t in term.args)

    def _mul(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.algebra.times(*(self._core(t, indices if t.rank else ()) for t in term.args))

    def _pow(self, term: Term, indices: tuple[int, ...]) -> Element:
        exponent = Fraction(str(term.data))
        base = self._core(term.args[0], ())
        if exponent.denominator == 1 and 0 <= exponent <= POWER_LIMIT:
            out = ONE
            for _ in range(int(exponent)):
                out = self.algebra.times(out, base)
                if any(c.numerator.bit_length() + c.denominator.bit_length() > BIT_LIMIT for c in out.terms.values()):
                    raise BudgetError(f"a coefficient has more than {BIT_LIMIT} bits")
            return out
        found = self.algebra.inverse(base, -exponent)
        if found is not None:
            return found
        if exponent.denominator != 1:
            raise UnsupportedError("a square root of something that is no product of positive quantities")
        return self._clock_inverse(term.args[0], base, -int(exponent))

    def _clock_inverse(self, term: Term, base: Element, power: int) -> Element:
        """1/base for the rate of a clock, which the proof then assumes not to stand still."""
        if not base or not any(base.terms == clock.terms for clock in self.clock_rates()):
            raise UnsupportedError("a division by something that may vanish")
        tag = ("inv", base.frozen())
        self.inverses.setdefault(((tag, 1),), term)
        return generator(*tag, exponent=power)

    def clock_rates(self) -> list[Element]:
        """The time derivatives of the clocks."""
        if self._clocks is None:
            clocks = CLOCK_TERM.values() if self.motion.is_linear else ()
            self._clocks = [self.element(make("dt", (moving,))) for moving in clocks]
        return self._clocks

    def _log(self, term: Term, indices: tuple[int, ...]) -> Element:
        return logarithm(self._core(term.args[0], ()), self.algebra, self.motion.log_density)

    # -- tensors ---------------------------------------------------------------------------------------------------
    def _dot(self, term: Term, indices: tuple[int, ...]) -> Element:
        left, right = term.args
        summed = max(indices, default=0) + 1
        cut = left.rank - 1
        return self.algebra.times(
            self._core(left, (*indices[:cut], summed)), self._core(right, (summed, *indices[cut:]))
        )

    def _outer(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.algebra.times(self._core(term.args[0], indices[:1]), self._core(term.args[1], indices[1:]))

    def _tr(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.algebra.times(self._matrix(term.args[0]), IDENTITY)

    def _transpose(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self._core(term.args[0], (indices[1], indices[0]))

    def _inv(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self._placed(inverse(self._matrix(term.args[0]), self.algebra), indices)

    def _logdet(self, term: Term, indices: tuple[int, ...]) -> Element:
        return log_det(self._matrix(term.args[0]), self.algebra)

    # -- calculus and averages -------------------------------------------------------------------------------------
    def _grad(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.motion.gradient(self._core(term.args[0], indices[:-1]), ("i", indices[-1]))

    def _dt(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.motion.rate(self._core(term.args[0], indices))

    def _post(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.motion.average_given_x(self._core(term.args[0], indices))

    def _E(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.motion.expectation(self._core(term.args[0], indices))

    def _at(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.motion.at_point(self._core(term.args[0], indices), self._core(term.args[1], (1,)))

    # -- the zero test ---------------------------------------------------------------------------------------------
    def vanishes(self, element: Element, dimension: int | None = None) -> bool:
        """Whether a numerator of ``element`` is empty; alpha^2 = 1 - sigma^2 is used under VP."""
        if self._is_empty(element, dimension):
            return True
        return self._is_empty(renamed(element, {}, replace(self.algebra, generic=True)), dimension)

    def _is_empty(self, element: Element, dimension: int | None) -> bool:
        cleared = self._cleared(element)
        if self.algebra.process == "vp":
            cleared = on_circle(cleared)
        if dimension is not None:
            cleared = _at_dimension(cleared, dimension)
        return not cleared

    def _cleared(self, element: Element) -> Element:
        """The element times powers of the inverted sums: none of them vanishes."""
        while True:
            powers: dict[Tag, int] = {}
            for scalars, _ in element.terms:
                for tag, exponent in scalars:
                    if tag[0] == "inv":
                        if not isinstance(exponent, int):
                            raise KernelError("the inverse of a sum with a power that is no integer")
                        powers[tag] = max(powers.get(tag, 0), int(exponent))
            if not powers:
                return element
            tag = max(powers, key=lambda t: (len(repr(t)), repr(t)))  # it may contain smaller ones
            inner, highest = Element(dict(tag[1])), powers[tag]
            pieces = []
            for (scalars, paths), c in element.terms.items():
                found = sum(int(e) for t, e in scalars if t == tag)
                rest = Element({(tuple(s for s in scalars if s[0] != tag), paths): c})
                pieces.append(self.algebra.times(rest, *[inner] * (highest - found)))
            element = total(pieces)


def _at_dimension(element: Element, dimension: int) -> Element:
    pieces = []
    for (scalars, paths), c in element.terms.items():
        power = sum((Fraction(e) for t, e in scalars if t == DIM), Fraction(0))
        if power.denominator != 1:
            return element
        rest = tuple(s for s in scalars if s[0] != DIM)
        pieces.append(Element({(rest, paths): c * Fraction(dimension) ** int(power)}))
    return total(pieces)


_RULES = frozenset({
    "num", "pi", "sym", "dim", "tfun", "x", "X0", "f", "mat", "eye", "origin", "p", "q", "kern", "p0", "add", "mul",
    "pow", "log", "dot", "outer", "tr", "transpose", "inv", "logdet", "grad", "dt", "post", "E", "at",
})  # fmt: skip
