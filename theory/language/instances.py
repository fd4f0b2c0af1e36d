"""Exact data that statements are about: laws, schedule germs, instances, settings. Trusted; standard library only.

A *law* is a finite mixture of Gaussians with exact parameters; zero covariances make atoms. A *germ* is a linear
process at one time: alpha, sigma and the time derivatives of a = alpha'/alpha and g^2. A *setting* says for which laws
and processes a statement is claimed; an *instance* is a law and a germ with points, at which it can be evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Union

from theory.language.terms import Term, TermError, as_term, walk

Scalar = Union[Fraction, Term]
Vector = tuple[Scalar, ...]
Matrix = tuple[tuple[Scalar, ...], ...]


_CONSTANT = frozenset(
    {"num", "pi", "sym", "add", "sub", "neg", "mul", "quot", "pow", "log", "exp", "tanh", "cos", "sin"}
)


class LawError(ValueError):
    """A law or process that does not exist. The message names the offending part and the remedy."""


def _constant(value: Scalar) -> None:
    if isinstance(value, Term) and (value.rank or any(node.op not in _CONSTANT for node in walk(value))):
        raise LawError(f"{value!r} is no constant: law parameters are numbers or terms in symbols")


def _scalar(value: object) -> Scalar:
    if isinstance(value, Term):
        _constant(value)
        return value.data if value.op == "num" and isinstance(value.data, Fraction) else value
    term = as_term(value)
    assert isinstance(term.data, Fraction)
    return term.data


def _as_vector(value: object) -> Vector:
    items = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(_scalar(v) for v in items)


def is_psd(matrix: Matrix) -> bool:
    """Whether a symmetric rational matrix is positive semi-definite (exact, by symmetric elimination)."""
    rows = [[v for v in row if isinstance(v, Fraction)] for row in matrix]
    if any(len(row) != len(rows) for row in rows):
        raise LawError("only a matrix of numbers can be tested for positivity")
    size = len(rows)
    for k in range(size):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and any(rows[k][j] for j in range(k + 1, size))):
            return False
        for i in range(k + 1, size) if pivot else ():
            if not rows[i][k]:
                continue
            factor = rows[i][k] / pivot
            for j in range(k, size):
                rows[i][j] -= factor * rows[k][j]
    return True


@dataclass(frozen=True)
class Component:
    """One component of a mixture: weight, mean (D), covariance (D, D); a zero covariance is an atom."""

    weight: Scalar
    mean: Vector
    cov: Matrix

    @property
    def is_atom(self) -> bool:
        """The covariance is zero."""
        return all(v == 0 for row in self.cov for v in row)


@dataclass(frozen=True)
class Law:
    """A finite Gaussian mixture with exact parameters (numbers, or terms in symbols).

    Raises LawError: no component, unequal dimensions, weights not positive or not summing to 1, a covariance that is
    not symmetric positive semi-definite, or atoms mixed with densities.
    """

    components: tuple[Component, ...]
    name: str = ""

    def __post_init__(self) -> None:
        if not self.components:
            raise LawError("a law needs at least one component")
        for value in self._scalars():
            _constant(value)
        sizes = {len(c.mean) for c in self.components}
        if len(sizes) != 1:
            raise LawError(f"all means must have one dimension, got {sorted(sizes)}")
        size = sizes.pop()
        for number, c in enumerate(self.components, 1):
            where = f"component {number}"
            if len(c.cov) != size or any(len(row) != size for row in c.cov):
                raise LawError(f"{where}: the covariance must be {size} x {size}")
            if any(c.cov[i][j] != c.cov[j][i] for i in range(size) for j in range(i)):
                raise LawError(f"{where}: the covariance is not symmetric")
            numeric = not any(isinstance(v, Term) for row in c.cov for v in row)
            if numeric and not is_psd(c.cov):
                raise LawError(f"{where}: the covariance is not positive semi-definite; give variances that are >= 0")
            if isinstance(c.weight, Fraction) and c.weight <= 0:
                raise LawError(f"{where}: the weight {c.weight} is not positive; leave the component out")
        weights = [c.weight for c in self.components]
        if all(isinstance(w, Fraction) for w in weights):
            total = sum((Fraction(str(w)) for w in weights), Fraction(0))
            if total != 1:
                raise LawError(f"the weights sum to {total}, not 1; rescale them")
        if not (self.is_discrete or self.has_density):
            raise LawError("atoms and components with a density cannot be mixed: they have no common base measure")

    @property
    def D(self) -> int:
        """The dimension."""
        return len(self.components[0].mean)

    @property
    def K(self) -> int:
        """The number of components."""
        return len(self.components)

    @cached_property
    def is_discrete(self) -> bool:
        """Every component is an atom; X0 then has a probability mass function."""
        return all(c.is_atom for c in self.components)

    @cached_property
    def has_density(self) -> bool:
        """Every covariance is non-singular (symbolic ones are taken to be)."""
        return not any(self._singular(c.cov) for c in self.components)

    @staticmethod
    def _singular(cov: Matrix) -> bool:
        if any(isinstance(v, Term) for row in cov for v in row):
            return False
        rows = [[Fraction(str(v)) for v in row] for row in cov]
        for k in range(len(rows)):
            if rows[k][k] == 0:
                return True
            for i in range(k + 1, len(rows)):
                if not rows[i][k]:
                    continue
                factor = rows[i][k] / rows[k][k]
                rows[i] = [u - factor * v for u, v in zip(rows[i], rows[k], strict=True)]
        return False

    @property
    def is_numeric(self) -> bool:
        """No symbol occurs."""
        return not any(isinstance(v, Term) for v in self._scalars())

    def _scalars(self) -> list[Scalar]:
        return [v for c in self.components for v in (c.weight, *c.mean, *(u for row in c.cov for u in row))]


def component(weight: object, mean: object, cov: object = 0) -> Component:
    """A component from plain exact values; a scalar ``cov`` stands for that multiple of the identity."""
    centre = _as_vector(mean)
    if isinstance(cov, (tuple, list)):
        return Component(_scalar(weight), centre, tuple(_as_vector(row) for row in cov))
    value, zero = _scalar(cov), Fraction(0)
    size = range(len(centre))
    return Component(_scalar(weight), centre, tuple(tuple(value if i == j else zero for j in size) for i in size))


def deltas(*atoms: tuple[object, object], name: str = "") -> Law:
    """A discrete law from (place, weight) pairs."""
    return Law(tuple(component(weight, place) for place, weight in atoms), name)


def mixture(*components: tuple[object, object, object], name: str = "") -> Law:
    """A Gaussian mixture from (weight, mean, covariance) triples."""
    return Law(tuple(component(*c) for c in components), name)


def gaussian(mean: object, cov: object, name: str = "") -> Law:
    """A single Gaussian."""
    return Law((component(1, mean, cov),), name)


def two_modes(mu: Term, S: Scalar | int = 0) -> Law:
    """The symmetric pair 1/2 N(-mu, S) + 1/2 N(mu, S) in one dimension (atoms if S is 0)."""
    half = Fraction(1, 2)
    return mixture((half, -mu, S), (half, mu, S), name="two modes")


@dataclass(frozen=True)
class Germ:
    """A linear process at one time: alpha > 0, sigma > 0 and the derivatives a, a', a'', .. and g^2, (g^2)', ..

    The derivatives of alpha and sigma follow: alpha' = a alpha, (sigma^2)' = 2 a sigma^2 + g^2. Missing higher
    derivatives are an error at the point of use, never zero. ``constant`` says that all of them vanish.
    """

    alpha: Scalar
    sigma: Scalar
    a: tuple[Scalar, ...]
    g2: tuple[Scalar, ...]
    constant: bool = False

    def derivative(self, name: str, order: int) -> Scalar:
        """The ``order``-th time derivative of ``a`` or ``g2``. Raises LawError if the germ does not hold it."""
        values = self.a if name == "a" else self.g2
        if order < len(values):
            return values[order]
        if self.constant:
            return Fraction(0)
        raise LawError(f"the germ holds {len(values) - 1} derivatives of {name}, {order} are needed")


@dataclass(frozen=True)
class Instance:
    """A law at a germ, with points at which free variables are put: ``x``, ``X0`` (exact vectors) and ``Z`` (index)."""

    law: Law
    germ: Germ
    x: tuple[Vector, ...] = ()
    X0: tuple[Vector, ...] = ()
    symbols: tuple[tuple[str, Scalar], ...] = ()
    name: str = ""


@dataclass(frozen=True)
class LawClass:
    """For which laws a statement is claimed."""

    name: str
    text: str


@dataclass(frozen=True)
class ProcessClass:
    """For which processes a statement is claimed."""

    name: str
    text: str


ANY = LawClass("any", "any law of X0 with a finite second moment")
FINITE_INFORMATION = LawClass("finite-information", "any law of X0 with finite I(X0; Xt)")
DISCRETE = LawClass("discrete", "any finite discrete law of X0")
GAUSSIAN = LawClass("gaussian", "any Gaussian law of X0")
MIXTURE = LawClass("mixture", "any finite Gaussian mixture")
LINEAR = ProcessClass("linear", "dX = a(t) X dt + g(t) dW, so X_t = alpha X_0 + sigma eps")
DIFFUSION = ProcessClass("diffusion", "dX = f(X, t) dt + g(t) dW with any smooth drift f")
MATRIX = ProcessClass("matrix", "dX = A(t) X dt + B(t) dW with G = B B^T, so X_t is Gaussian if X0 is")
VE = ProcessClass("ve", "dX = g(t) dW (variance exploding: alpha = 1)")
VP = ProcessClass("vp", "dX = -(beta/2) X dt + sqrt(beta) dW (variance preserving: alpha^2 + sigma^2 = 1)")


_INCLUDES = {
    "any": ("discrete", "gaussian", "mixture"),
    "finite-information": ("discrete", "gaussian", "mixture"), "mixture": ("gaussian",),
    "diffusion": ("linear", "ve", "vp"), "linear": ("ve", "vp"),
}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """For which laws, processes, dimension and signs of symbols a statement is claimed.

    ``law`` is a class, or a concrete law whose symbols are universally quantified within their signs.
    """

    law: LawClass | Law
    process: ProcessClass
    D: int | None = None
    positive: tuple[Term, ...] = field(default=())
    nonnegative: tuple[Term, ...] = field(default=())

    @property
    def signs(self) -> tuple[str, ...]:
        """What is supposed of the symbols: "mu > 0", "S >= 0"."""
        return tuple([f"{t.data} > 0" for t in self.positive] + [f"{t.data} >= 0" for t in self.nonnegative])

    def covers(self, other: Setting) -> bool:
        """Whether every member of ``other`` is one of this setting."""
        laws = self.law == other.law or (
            isinstance(self.law, LawClass) and isinstance(other.law, LawClass)
            and other.law.name in _INCLUDES.get(self.law.name, ())
        )  # fmt: skip
        processes = self.process == other.process or other.process.name in _INCLUDES.get(self.process.name, ())
        signs = set(self.positive) <= set(other.positive)
        weak = set(self.nonnegative) <= {*other.positive, *other.nonnegative}
        return laws and processes and self.D in (None, other.D) and signs and weak

    def __post_init__(self) -> None:
        if any(t.op != "sym" for t in (*self.positive, *self.nonnegative)):
            raise TermError("positive and nonnegative list symbols")
        if isinstance(self.law, Law) and self.D not in (None, self.law.D):
            raise LawError(f"the law has D = {self.law.D}, the setting says {self.D}")


_F = Fraction
STANDING_GERM = Germ(_F(3, 5), _F(4, 5), (_F(-7, 20), _F(1, 5)), (_F(9, 10), _F(-1, 3)))
"""The germ at which every claim is judged: nothing is 1, so wrong powers of alpha, sigma and g show."""
T1 = deltas((-1, _F(1, 2)), (1, _F(1, 2)), name="T1")
T1W = deltas((-1, _F(1, 5)), (1, _F(4, 5)), name="T1w")
T2 = mixture((_F(1, 2), -1, _F(1, 4)), (_F(1, 2), 1, _F(1, 4)), name="T2")
T3 = mixture((_F(3, 10), -1, _F(1, 25)), (_F(7, 10), _F(3, 2), _F(9, 25)), name="T3")
T4 = deltas(*((place, _F(1, 4)) for place in (_F(-7, 2), _F(-5, 2), _F(5, 2), _F(7, 2))), name="T4")
T5 = mixture(
    (_F(1, 2), (_F(-3, 2), 0), ((_F(3, 10), _F(1, 10)), (_F(1, 10), _F(1, 5)))),
    (_F(3, 10), (1, 1), ((_F(1, 10), 0), (0, _F(1, 2)))),
    (_F(1, 5), (_F(1, 2), _F(-3, 2)), ((_F(2, 5), _F(-3, 20)), (_F(-3, 20), _F(3, 10)))),
    name="T5",
)
_POINTS_1D: tuple[Vector, ...] = ((_F(1, 3),), (_F(-5, 4),), (_F(2),))
_POINTS_2D: tuple[Vector, ...] = ((_F(1, 3), _F(-3, 4)), (_F(-5, 4), _F(1, 2)))
_ENDS: tuple[Vector, ...] = ((_F(1, 2),), (_F(-2),))
STANDING = (
    Instance(T3, STANDING_GERM, _POINTS_1D, _ENDS, name="T3"),
    Instance(T1W, STANDING_GERM, _POINTS_1D, tuple(c.mean for c in T1W.components), name="T1w"),
    Instance(T5, STANDING_GERM, _POINTS_2D, ((_F(1, 2), _F(-2)), (_F(-2), _F(1, 3))), name="T5"),
)
"""The standing instances. A free X0 runs over the atoms, or over fixed points for a density."""
