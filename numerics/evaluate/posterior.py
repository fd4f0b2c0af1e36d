"""Posterior averages: within each component exactly, then by responsibilities. The mixin of ``Reading``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numerics.evaluate.responsibilities import Motion, map_value
from numerics.polynomials import Poly, PolyRing
from numerics.rings import NumberRing, total
from theory.jets import Jet, Space, space
from theory.language.terms import LATENT, X0_VAR, Z_VAR, Term

if TYPE_CHECKING:
    from numerics.evaluate.interpreter import Interpreter
    from numerics.evaluate.reading import Reading

Value = Any


class PosteriorAverages:
    """Averages over X0 and Z given x, for the reading at x."""

    interpreter: Interpreter
    ring: NumberRing
    D: int
    x: Sequence[Any] | None
    top: tuple[int, int]
    orders: dict[Term, tuple[int, int]]
    outer: Reading | None
    motion: Motion
    _children: dict[tuple[str, int], Reading]
    _moments: dict[int, dict[tuple[int, ...], Jet]]

    def _coordinates(self, shape: Space) -> tuple[Jet, ...]:
        raise NotImplementedError

    def by_component(self, inner: Term, shape: Space) -> list[Value]:
        """The average of ``inner`` over X0 given x within each component, in ``shape``.

        Atoms: the value at the atom. A density: exact Gaussian moments of a polynomial in X0.
        """
        law = self.interpreter.law
        root: Any = self.outer or self
        if not inner.free & LATENT:
            return [root.get(inner, shape)] * law.K
        if law.is_discrete:
            return [root.child(k).get(inner, shape) for k in range(law.K)]
        if X0_VAR not in inner.free:
            return [root.child(k, ends=False).get(inner, shape) for k in range(law.K)]
        by_label = Z_VAR in inner.free
        values = []
        for k in range(law.K):
            if k == 0 or by_label:
                polynomial = root.child(k if by_label else -1).get(inner, shape)
            values.append(map_value(lambda jet, k=k: root._moment_average(jet, k), polynomial))
        return values

    def child(self, k: int, ends: bool = True) -> Reading:
        """The reading at the same x with Z = k and X0 the k-th atom, or a vector of polynomial variables."""
        from numerics.evaluate.reading import Reading  # the two build each other

        key = ("ends" if ends else "label", k)
        if key not in self._children:
            model, ring = self.interpreter.model, self.ring
            X0: Sequence[Any] | None = None
            if model.law.is_discrete:
                X0 = model.means[k]
            elif ends:
                ring = PolyRing(ring)
                X0 = Poly.variables(self.D, ring)
            Z = None if k < 0 else k
            parent: Any = self
            self._children[key] = Reading(
                self.interpreter, ring, self.orders, self.top, self.x, X0, Z, parent, self.motion
            )
        return self._children[key]

    def _moment_average(self, jet: Jet, k: int) -> Jet:
        """A jet with coefficients polynomial in X0, averaged over X0 | x in component k."""
        groups: dict[tuple[int, ...], Jet] = {}
        depth = getattr(self.ring, "depth", 0) + 1
        for i, value in enumerate(jet.c):
            own = isinstance(value, Poly) and value.depth == depth
            items = value.c.items() if own else (((0,) * self.D, value),)
            for exponents, coefficient in items:
                if coefficient is not None:
                    groups.setdefault(exponents, Jet(jet.space, [None] * jet.space.size)).c[i] = coefficient
        if not groups:
            return jet
        result = total(
            series if not any(exponents) else series * self._moment(exponents, k).into(jet.space)
            for exponents, series in groups.items()
        )
        assert isinstance(result, Jet)
        return result

    def _moment(self, exponents: tuple[int, ...], k: int) -> Jet:
        """E[X0^exponents | x, Z = k] by E[X_i X^b] = mean_i E[X^b] + sum_j cov_ij b_j E[X^(b - e_j)]."""
        known = self._moments.setdefault(k, {})
        if exponents in known:
            return known[exponents]
        shape = space(self.D, *self.top)
        if not any(exponents):
            result = Jet.constant(shape, self.ring.exact(1))
        else:
            posterior = self.interpreter.model.component_posterior(k, shape.nt)
            i = next(n for n, e in enumerate(exponents) if e)
            rest = tuple(e - (n == i) for n, e in enumerate(exponents))
            x = self._coordinates(shape)
            mean = total([posterior.offset[i].into(shape),
                          *(posterior.gain[i][j].into(shape) * x[j] for j in range(self.D))])  # fmt: skip
            result = mean * self._moment(rest, k)
            for j, e in enumerate(rest):
                if e:
                    lower = tuple(v - (n == j) for n, v in enumerate(rest))
                    result = result + (posterior.cov[i][j].into(shape) * self._moment(lower, k)).scaled(e)
        known[exponents] = result
        return result
