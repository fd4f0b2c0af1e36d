"""The component kernel: terms about a concrete law become elements, from the definitions alone.

A law is a finite Gaussian mixture in D <= 3 dimensions whose parameters are rationals or terms in symbols, under a
linear process. The density is p = sum_k w_k (2 pi)^(-D/2) det V_k^(-1/2) Exp(-(x - alpha m_k)^T V_k^(-1)
(x - alpha m_k)/2) with V_k = alpha^2 S_k + sigma^2 I; posterior averages are by responsibilities, with exact Gaussian
moments inside a component. Trusted; standard library and the statement language only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from theory.kernel.component.calculus import derive, substitute
from theory.kernel.component.elements import REAL, Element
from theory.kernel.component.gaussian import Gaussian, average, determinant, positive_power
from theory.kernel.component.posterior import Posterior
from theory.kernel.component.ring import Ring
from theory.kernel.component.tensors import (
    Matrix,
    Tensor,
    Vector,
    contract,
    each,
    entries,
    matrix,
    plus,
    scaled,
    total,
    vector,
)
from theory.kernel.component.zero import is_zero, sign
from theory.kernel.errors import BudgetError, KernelError, UnsupportedError
from theory.language.definitions import CLOCK_TERM, dt, unfold_linear
from theory.language.instances import Law, Scalar, Setting
from theory.language.terms import X0_VAR, Z_VAR, Term

_CLOCK_RATES = {dt(term): name for name, term in CLOCK_TERM.items()}


@dataclass(frozen=True)
class Case:
    """What the free latent variables are: X0 at component ``X0`` (an atom), or free; Z at component ``Z``."""

    X0: int | None = None
    Z: int | None = None


FREE = Case()


class Model:
    """A concrete law under a linear process, and the lowering of terms about it.

    ``process`` is "linear", "ve" or "vp"; ``positive`` and ``nonnegative`` list names of symbols; ``ring`` is the class
    of rings whose arithmetic is used. Raises UnsupportedError for D > 3.
    """

    def __init__(
        self,
        law: Law,
        process: str = "linear",
        positive: tuple[str, ...] = (),
        nonnegative: tuple[str, ...] = (),
        *,
        ring: type[Ring] = Ring,
    ) -> None:
        if law.D > 3:
            raise UnsupportedError(f"the component kernel reads D <= 3, not {law.D}")
        self.law, self.D = law, law.D
        self.ring = ring(process, positive, nonnegative)
        self.x: Vector = tuple(self.ring.coordinate("x", i + 1) for i in range(law.D))
        self.X0: Vector = tuple(self.ring.coordinate("X0", i + 1) for i in range(law.D))
        self.hypotheses: set[str] = set()
        self._cache: dict[tuple[Term, Case], Tensor] = {}
        self.weights = tuple(self._weight(c.weight) for c in law.components)
        self.means: Matrix = tuple(tuple(self._scalar(v) for v in c.mean) for c in law.components)
        self.covs = tuple(tuple(tuple(self._scalar(v) for v in row) for row in c.cov) for c in law.components)
        alpha, noise = self.ring.alpha(), self.ring.sigma() * self.ring.sigma()
        self.noisy = tuple(
            Gaussian(
                self.ring,
                tuple(alpha * v for v in mean),
                matrix(plus(scaled(alpha * alpha, cov), scaled(noise, self._eye()))),
                "V = alpha^2 S + sigma^2 I with S a covariance",
            )
            for mean, cov in zip(self.means, self.covs, strict=True)
        )
        self.densities = tuple(gauss.density(self.x) for gauss in self.noisy)
        joint = tuple(w * q for w, q in zip(self.weights, self.densities, strict=True))
        self.p = total(joint)
        self.posterior = Posterior(self.x, self.p, joint, self.means, self.covs, self.noisy)

    @classmethod
    def of(cls, setting: Setting, ring: type[Ring] = Ring) -> Model:
        """The model of a setting with a concrete law. Raises UnsupportedError for a class of laws."""
        if not isinstance(setting.law, Law):
            raise UnsupportedError(f"the component kernel reads concrete laws, not {setting.law.text}")
        names = [tuple(str(t.data) for t in terms) for terms in (setting.positive, setting.nonnegative)]
        return cls(setting.law, setting.process.name, *names, ring=ring)

    # -- the law ------------------------------------------------------------------------------------------------------
    def _scalar(self, value: Scalar) -> Element:
        if isinstance(value, Fraction):
            return self.ring.number(value)
        lowered = self.lower(value)
        assert isinstance(lowered, Element)
        return lowered

    def _weight(self, value: Scalar) -> Element:
        weight = self._scalar(value)
        return positive_power(self.ring, weight, 1, "the weights of a law are positive")

    def _eye(self) -> Matrix:
        return entries(lambda i, j: self.ring.number(int(i == j)), self.D)

    def kern(self, start: Vector) -> Element:
        """k(x | X0) = N(x; alpha X0, sigma^2 I)."""
        ring = self.ring
        noise = ring.sigma() * ring.sigma()
        cov = entries(lambda i, j: noise if i == j else ring.number(0), self.D)
        return Gaussian(ring, tuple(ring.alpha() * v for v in start), cov, "sigma > 0").density(self.x)

    def p0(self, case: Case) -> Element:
        """The density of X0 at the case's end point: the mass of an atom, or the density at a free point."""
        if self.law.is_discrete:
            if case.X0 is None:
                raise UnsupportedError("p0 of a discrete law is read at its atoms only")
            return total(w for w, mean in zip(self.weights, self.means, strict=True) if self._same(mean, case.X0))
        if any(sign(determinant(cov)) == REAL for cov in self.covs):
            self.hypotheses.add("the covariances of the law are non-singular")
        parts = zip(self.weights, self.means, self.covs, strict=True)
        return total(
            w * Gaussian(self.ring, mean, cov, "the law has a density").density(self.X0) for w, mean, cov in parts
        )

    def _same(self, mean: Vector, atom: int) -> bool:
        """Whether two atoms are one place. Raises KernelError if the symbols leave it open."""
        gaps = [u - v for u, v in zip(mean, self.means[atom], strict=True)]
        if all(is_zero(gap) for gap in gaps):
            return True
        if any(sign(gap) in ("positive", "negative") for gap in gaps):
            return False
        raise KernelError("it is open whether two atoms coincide: declare the signs of their symbols")

    def cases(self, term_free: frozenset[str]) -> Iterator[Case]:
        """The cases over which a statement with the given free variables is quantified."""
        ends, labels = X0_VAR in term_free, Z_VAR in term_free
        if not (labels or (ends and self.law.is_discrete)):
            yield FREE
            return
        for k in range(self.law.K):
            yield Case(k if ends and self.law.is_discrete else None, k if labels else None)

    # -- lowering -----------------------------------------------------------------------------------------------------
    def lower(self, term: Term, case: Case = FREE) -> Tensor:
        """``term`` as an element, or a tuple (of tuples) of elements; notation is unfolded first.

        Raises UnsupportedError where a part cannot be read, KernelError where a denominator is not certified.
        """
        key = (term, case)
        if key not in self._cache:
            core = unfold_linear(term)
            self._cache[key] = self._lower(core, case) if core is term else self.lower(core, case)
        return self._cache[key]

    def scalar(self, term: Term, case: Case = FREE) -> Element:
        """:meth:`lower` for a term of rank 0."""
        value = self.lower(term, case)
        if not isinstance(value, Element):
            raise UnsupportedError(f"{term.op} is no scalar here")
        return value

    def _lower(self, term: Term, case: Case) -> Tensor:
        rule = getattr(self, f"_op_{term.op}", None)
        if rule is None:
            raise UnsupportedError(f"the component kernel does not read {term.op}")
        value: Tensor = rule(term, case)
        return value

    def _op_num(self, term: Term, case: Case) -> Element:
        assert isinstance(term.data, Fraction)
        return self.ring.number(term.data)

    def _op_pi(self, term: Term, case: Case) -> Element:
        return self.ring.pi()

    def _op_sym(self, term: Term, case: Case) -> Element:
        return self.ring.symbol(str(term.data))

    def _op_dim(self, term: Term, case: Case) -> Element:
        return self.ring.number(self.D)

    def _op_tfun(self, term: Term, case: Case) -> Element:
        ring = self.ring
        if term.data == "g":
            return ring.power(ring.noise_jet(), Fraction(1, 2))
        return {"alpha": ring.alpha, "sigma": ring.sigma, "a": ring.drift_jet}[str(term.data)]()

    def _op_x(self, term: Term, case: Case) -> Vector:
        return self.x

    def _op_X0(self, term: Term, case: Case) -> Vector:
        return self.X0 if case.X0 is None else self.means[case.X0]

    def _op_eye(self, term: Term, case: Case) -> Matrix:
        return self._eye()

    def _op_origin(self, term: Term, case: Case) -> Vector:
        return tuple(self.ring.number(0) for _ in range(self.D))

    def _op_p(self, term: Term, case: Case) -> Element:
        return self.p

    def _op_kern(self, term: Term, case: Case) -> Element:
        return self.kern(self._op_X0(term, case))

    def _op_p0(self, term: Term, case: Case) -> Element:
        return self.p0(case)

    def _op_pz(self, term: Term, case: Case) -> Element:
        return self.densities[_label(case)]

    def _op_wz(self, term: Term, case: Case) -> Element:
        return self.weights[_label(case)]

    def _op_add(self, term: Term, case: Case) -> Tensor:
        return reduce(plus, (self.lower(t, case) for t in term.args))

    def _op_mul(self, term: Term, case: Case) -> Tensor:
        factor, tensor = self.ring.number(1), None
        for part in term.args:
            value = self.lower(part, case)
            if isinstance(value, Element):
                factor = factor * value
            else:
                tensor = value
        return factor if tensor is None else scaled(factor, tensor)

    def _op_pow(self, term: Term, case: Case) -> Element:
        assert isinstance(term.data, Fraction)
        base = self.scalar(term.args[0], case)
        clock = _CLOCK_RATES.get(term.args[0])
        if clock is not None and term.data == -1 and base.terms and sign(base) == REAL:
            self.hypotheses.add(f"the rate of the clock {clock} is not 0")
            return self.ring.declared(base, -1, as_="nonzero", reason=f"the rate of {clock}")
        return self.ring.power(base, term.data)

    def _op_log(self, term: Term, case: Case) -> Element:
        return self.ring.log(self.scalar(term.args[0], case))

    def _op_exp(self, term: Term, case: Case) -> Element:
        return self.ring.exp(self.scalar(term.args[0], case))

    def _op_tanh(self, term: Term, case: Case) -> Element:
        """tanh u = (Exp(2u) - 1)/(Exp(2u) + 1)."""
        twice = self.ring.exp(self.scalar(term.args[0], case).scaled(Fraction(2)))
        one = self.ring.number(1)
        return (twice - one) * self.ring.power(twice + one, -1)

    def _op_dot(self, term: Term, case: Case) -> Tensor:
        left, right = (self.lower(t, case) for t in term.args)
        return contract(left, right)

    def _op_outer(self, term: Term, case: Case) -> Matrix:
        left, right = (vector(self.lower(t, case)) for t in term.args)
        return tuple(tuple(u * v for v in right) for u in left)

    def _op_tr(self, term: Term, case: Case) -> Element:
        return total(row[i] for i, row in enumerate(matrix(self.lower(term.args[0], case))))

    def _op_transpose(self, term: Term, case: Case) -> Matrix:
        return tuple(zip(*matrix(self.lower(term.args[0], case)), strict=True))

    def _op_coord(self, term: Term, case: Case) -> Element:
        parts = vector(self.lower(term.args[0], case))
        assert isinstance(term.data, int)
        if term.data > self.D:
            raise UnsupportedError(f"component {term.data} of a vector in {self.D} dimension(s)")
        return parts[term.data - 1]

    def _op_grad(self, term: Term, case: Case) -> Tensor:
        inner = self.lower(term.args[0], case)
        names = [f"x{i + 1}" for i in range(self.D)]
        if isinstance(inner, Element):
            return tuple(derive(self.ring, inner, name) for name in names)
        return tuple(tuple(derive(self.ring, v, name) for name in names) for v in vector(inner))

    def _op_dt(self, term: Term, case: Case) -> Tensor:
        return each(lambda e: derive(self.ring, e, "t"), self.lower(term.args[0], case))

    def _op_at(self, term: Term, case: Case) -> Tensor:
        field, point = self.lower(term.args[0], case), vector(self.lower(term.args[1], case))
        images = {next(iter(v.generators())): image for v, image in zip(self.x, point, strict=True)}
        return each(lambda e: substitute(self.ring, e, images), field)

    def _op_post(self, term: Term, case: Case) -> Tensor:
        """post(w): a polynomial in X0 by its posterior moments, anything else as sum_k r_k E[w | x, Z = k]."""
        inner = term.args[0]
        if Z_VAR not in inner.free:
            try:
                return each(lambda e: average(e, self.X0, self.posterior.moment), self.lower(inner))
            except BudgetError:
                raise
            except KernelError:  # it can be read at the atoms only, if at all
                pass
        weighted = enumerate(self.posterior.responsibilities)
        return reduce(plus, (scaled(r, self._given_label(inner, k)) for k, r in weighted))

    def _op_E(self, term: Term, case: Case) -> Tensor:
        """E[w] = sum_k w_k E[w | Z = k], of integrands that are polynomials in x and X0."""
        return reduce(plus, (self._weighted_mean(term.args[0], k) for k in range(self.law.K)))

    def _weighted_mean(self, term: Term, k: int) -> Tensor:
        value = each(lambda e: average(e, self.x, self.noisy[k].moment), self._given_label(term, k))
        return scaled(self.weights[k], value)

    def _given_label(self, term: Term, k: int) -> Tensor:
        """E[w | x, Z = k]: the value at the atom, or exact moments of X0 | x, k, which is Gaussian."""
        if self.law.is_discrete:
            return self.lower(term, Case(k, k))
        value = self.lower(term, Case(None, k))
        return each(lambda e: average(e, self.X0, self.posterior.components[k].moment), value)


def _label(case: Case) -> int:
    if case.Z is None:
        raise UnsupportedError("the label Z is not given")
    return case.Z
