"""From terms to kernel elements. Trusted; standard library plus theory.language only.

``Lowering(channel, ..).element(term, indices)`` reads a term of rank r with r distinct positive indices. The term is
unfolded to core operators first, so only definitions are used. Divisions by sums are kept as inverse atoms of numbers
or functions of t; each is recorded as a named hypothesis (or discharged when it is positive by its form).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import isqrt
from typing import Any

from theory.kernel.errors import UnsupportedError
from theory.kernel.index.averages import depends_on_space, expectation, posterior
from theory.kernel.index.bracket import Channel
from theory.kernel.index.monomials import DIM, ONE, ZERO, Element, constant, generator, monomial, total
from theory.kernel.primes import prime_powers
from theory.language.definitions import unfold
from theory.language.instances import Law, Setting
from theory.language.terms import Term

GAUSSIAN_COMPONENTS = frozenset({"gaussian", "mixture"})
"""The classes of laws whose components are Gaussian."""
_LEAVES = {"x": "x", "X0": "X"}
_LOGARITHMS = {"p": ("lp",), "k": ("lk",), "p0": ("lp0",), "pz": ("lpz",), "wz": ("lwz",), "q": ("lq",)}
_ALWAYS_POSITIVE = frozenset({"alpha", "sigma", "g", "D", "pi", "p", "k", "p0", "pz", "wz", "q"})
_FACTOR_LIMIT = 10**4


@dataclass
class Lowering:
    """One reading of one statement. ``positive`` holds the names of symbols declared positive.

    ``inverses`` maps each inverse atom to the term it came from; the caller states that it does not vanish.
    """

    channel: Channel
    positive: frozenset[str] = frozenset()
    inverses: dict[tuple[Any, ...], Term] = field(default_factory=dict)
    _memo: dict[tuple[Term, tuple[int, ...]], Element] = field(default_factory=dict)

    def element(self, term: Term, indices: tuple[int, ...] = ()) -> Element:
        """The element of ``term`` with its free indices named ``indices``. Raises UnsupportedError naming the part."""
        return self._core(unfold(term), indices)

    def _core(self, term: Term, indices: tuple[int, ...]) -> Element:
        if len(indices) != term.rank or len(set(indices)) != len(indices) or any(i < 1 for i in indices):
            raise UnsupportedError(f"{term.op} of rank {term.rank} read with indices {indices}")
        key = (term, indices)
        if key not in self._memo:
            rule = getattr(self, f"_{term.op}", None) if term.op.isidentifier() else None
            if rule is None or term.op not in _RULES:
                raise UnsupportedError(f"the bracket kernel does not read {term.op!r}")
            self._memo[key] = rule(term, indices)
        return self._memo[key]

    # -- leaves ---------------------------------------------------------------------------------------------------
    def _num(self, term: Term, indices: tuple[int, ...]) -> Element:
        assert isinstance(term.data, Fraction)
        return constant(term.data)

    def _pi(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("pi")

    def _sym(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("sym", term.data)

    def _dim(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator(*DIM)

    def _tfun(self, term: Term, indices: tuple[int, ...]) -> Element:
        if term.data == "a":
            return self.channel.a()
        if term.data == "alpha":
            return self.channel.alpha()
        return self.channel.sigma() if term.data == "sigma" else generator("g")

    def _x(self, term: Term, indices: tuple[int, ...]) -> Element:
        return monomial((), ((_LEAVES[term.op], "", indices),))

    _X0 = _x

    def _eye(self, term: Term, indices: tuple[int, ...]) -> Element:
        return monomial((), (("delta", "", indices),))

    def _origin(self, term: Term, indices: tuple[int, ...]) -> Element:
        return ZERO

    def _f(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.channel.drift(indices[0])

    def _q(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("q")

    def _p(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("p")

    def _kern(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("k")

    def _p0(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("p0")

    def _pz(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("pz")

    def _wz(self, term: Term, indices: tuple[int, ...]) -> Element:
        return generator("wz")

    def _mz(self, term: Term, indices: tuple[int, ...]) -> Element:
        if not self.channel.gaussian:
            raise UnsupportedError(f"{term.op} is read where the components are Gaussian only")
        return monomial((), ((term.op, "", indices),))

    _Sz = _mz

    def _field(self, term: Term, indices: tuple[int, ...]) -> Element:
        return monomial((), (("field", term.data, indices),))

    # -- arithmetic -------------------------------------------------------------------------------------------------
    def _add(self, term: Term, indices: tuple[int, ...]) -> Element:
        return total(self._core(t, indices) for t in term.args)

    def _mul(self, term: Term, indices: tuple[int, ...]) -> Element:
        out = ONE
        for factor in term.args:
            out = out * self._core(factor, indices if factor.rank else ())
        return out

    def _pow(self, term: Term, indices: tuple[int, ...]) -> Element:
        exponent = Fraction(str(term.data))
        base = self._core(term.args[0], ())
        if exponent.denominator == 1 and exponent >= 0:
            return base ** int(exponent)
        power = self._invertible(base, exponent)
        if power is not None:
            return power
        if exponent.denominator != 1:
            raise UnsupportedError("a square root of something that is no product of positive quantities")
        if not base:
            raise UnsupportedError("a division by zero")
        if depends_on_space(base):
            raise UnsupportedError("a division by a sum that depends on x or X0")
        tag = ("inv", base.frozen())
        self.inverses.setdefault(tag, term.args[0])
        return generator(*tag, exponent=int(-exponent))

    def _invertible(self, base: Element, exponent: Fraction) -> Element | None:
        """A power of a single product of positive generators; None if the base is something else."""
        if len(base.terms) != 1:
            return None
        (((scalars, factors), coefficient),) = base.terms.items()
        if factors or not all(self.is_positive(tag) for tag, _ in scalars):
            return None
        if exponent.denominator == 1:
            scale = coefficient ** int(exponent)
        else:
            root = _exact_root(coefficient)
            if root is None:
                return None
            scale = root**exponent.numerator
        return monomial(tuple((tag, e * exponent) for tag, e in scalars)).scaled(scale)

    def is_positive(self, tag: tuple[Any, ...]) -> bool:
        """Whether a scalar generator is positive throughout the setting."""
        return tag[0] in _ALWAYS_POSITIVE or (tag[0] == "sym" and tag[1] in self.positive)

    def _log(self, term: Term, indices: tuple[int, ...]) -> Element:
        base = self._core(term.args[0], ())
        if len(base.terms) != 1:
            raise UnsupportedError("the logarithm of a sum")
        (((scalars, factors), coefficient),) = base.terms.items()
        if factors or coefficient <= 0 or not all(self.is_positive(tag) for tag, _ in scalars):
            raise UnsupportedError("the logarithm of something that is not a product of positive quantities")
        pieces = [_log_of_integer(coefficient.numerator), -_log_of_integer(coefficient.denominator)]
        for tag, exponent in scalars:
            name = tag[1] if tag[0] == "sym" else tag[0]
            atom = _LOGARITHMS.get(tag[0]) or ("log", f"sym {name}" if tag[0] == "sym" else name)
            pieces.append(generator(*atom).scaled(Fraction(exponent)))
        return total(pieces)

    # -- tensors ------------------------------------------------------------------------------------------------------
    def _dot(self, term: Term, indices: tuple[int, ...]) -> Element:
        left, right = term.args
        summed = max(indices, default=0) + 1
        cut = left.rank - 1
        return self._core(left, (*indices[:cut], summed)) * self._core(right, (summed, *indices[cut:]))

    def _outer(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self._core(term.args[0], indices[:1]) * self._core(term.args[1], indices[1:])

    def _tr(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self._core(term.args[0], (1, 2)) * monomial((), (("delta", "", (1, 2)),))

    def _transpose(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self._core(term.args[0], (indices[1], indices[0]))

    def _inv(self, term: Term, indices: tuple[int, ...]) -> Element:
        """Only (alpha^2 S_Z + sigma^2 I)^-1, a matrix that is positive definite by its form."""
        if not self.channel.gaussian or self._core(term.args[0], (1, 2)) - self.channel.component_covariance(1, 2):
            raise UnsupportedError("the inverse of a matrix other than alpha^2 S_Z + sigma^2 I of a Gaussian component")
        return monomial((), (("vinv", "", indices),))

    # -- calculus and averages ----------------------------------------------------------------------------------
    def _grad(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.channel.gradient(self._core(term.args[0], indices[:-1]), indices[-1])

    def _dt(self, term: Term, indices: tuple[int, ...]) -> Element:
        return self.channel.rate(self._core(term.args[0], indices))

    def _post(self, term: Term, indices: tuple[int, ...]) -> Element:
        return posterior(self._core(term.args[0], indices))

    def _E(self, term: Term, indices: tuple[int, ...]) -> Element:
        return expectation(self._core(term.args[0], indices))


def lowering_for(setting: Setting) -> Lowering:
    """The reading of statements in a setting. Raises UnsupportedError for a concrete law."""
    if isinstance(setting.law, Law):
        raise UnsupportedError("a concrete law is the component kernel's")
    gaussian = setting.law.name in GAUSSIAN_COMPONENTS and setting.process.name != "diffusion"
    return Lowering(Channel(setting.process.name, gaussian=gaussian), frozenset(str(t.data) for t in setting.positive))


_RULES = frozenset({
    "num", "pi", "sym", "dim", "tfun", "x", "X0", "eye", "origin", "f", "p", "q", "kern", "p0", "pz", "wz", "mz", "Sz",
    "field", "add", "mul", "pow", "log", "dot", "outer", "tr", "transpose", "inv", "grad", "dt", "post", "E",
})  # fmt: skip


def _exact_root(value: Fraction) -> Fraction | None:
    if value <= 0:
        return None
    n, d = isqrt(value.numerator), isqrt(value.denominator)
    return Fraction(n, d) if n * n == value.numerator and d * d == value.denominator else None


def _log_of_integer(value: int) -> Element:
    """log n as a sum over its small prime factors (a large remainder stays whole)."""
    return total(generator("logint", prime).scaled(power) for prime, power in prime_powers(value, _FACTOR_LIMIT))
