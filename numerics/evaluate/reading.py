"""One reading of a term at one point: the values of its nodes as jets, and the densities there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numerics.evaluate.operators import DENSITIES, Operators, rational
from numerics.evaluate.posterior import PosteriorAverages
from numerics.evaluate.responsibilities import Motion, Responsibilities, map_value
from numerics.rings import NumberRing, Unsupported
from theory import jets
from theory.jets import Jet, Space, space
from theory.language.terms import LATENT, Term

if TYPE_CHECKING:
    from numerics.evaluate.interpreter import Interpreter

Value = Any


class Reading(PosteriorAverages, Operators):
    """The values of a term's nodes at one point ``x`` (``None`` for numbers), end point ``X0`` and label ``Z``.

    ``motion`` moves the point: series in t without constant term, added to ``x`` (d/dt is then along the motion, which
    is not what a ``dt`` inside the term means: callers exclude those). ``orders`` says at which jet order each node is
    needed. ``outer`` is the reading at the same x without the latent variables: nodes free of them are evaluated there.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        ring: NumberRing,
        orders: dict[Term, tuple[int, int]],
        top: tuple[int, int],
        x: Sequence[Any] | None,
        X0: Sequence[Any] | None,
        Z: Any,
        outer: Reading | None = None,
        motion: Motion = None,
    ) -> None:
        self.interpreter, self.ring, self.orders, self.top = interpreter, ring, orders, top
        self.x, self.X0, self.Z, self.outer, self.motion = x, X0, Z, outer, motion
        self.D = interpreter.law.D
        self._values: dict[Term, Value] = {}
        self._logs: dict[str, Jet] = {}
        self._children: dict[tuple[str, int], Reading] = {}
        self._mixture: Responsibilities | None = None
        self._moments: dict[int, dict[tuple[int, ...], Jet]] = {}

    # -- access ---
    def get(self, term: Term, shape: Space) -> Value:
        """The value of a node in ``shape``."""
        if not term.free and self.x is not None:
            return self.interpreter.lifted(term, shape)
        if self.outer is not None and not term.free & LATENT:
            return self.outer.get(term, shape)
        value = self._values.get(term)
        if value is None:
            own = self.orders[term]
            value = self._tapped(term.op, getattr(self, "_" + term.op)(term, space(self.D, *own)))
            self._values[term] = value
        if isinstance(value, Jet):
            return value if value.space is shape else value.into(shape)
        return map_value(lambda jet: jet.into(shape), value)

    def _tapped(self, name: str, value: Value) -> Value:
        tap = self.interpreter.taps.get(name)
        if tap is None or self.x is None:
            return value
        head = value
        while isinstance(head, tuple):
            head = head[0]
        shape = head.space
        factor = tap(self._coordinates(shape), self._time(shape), self.ring)
        return map_value(lambda jet: factor * jet, value)

    def _coordinates(self, shape: Space) -> tuple[Jet, ...]:
        assert self.x is not None
        one = self.ring.exact(1)
        fixed = tuple(Jet.variable(shape, v, i, one) for i, v in enumerate(self.x))
        if self.motion is None:
            return fixed
        return tuple(u + m.into(shape) for u, m in zip(fixed, self.motion, strict=True))

    def _time(self, shape: Space) -> Jet:
        return Jet.variable(shape, None, None, self.ring.exact(1))

    def _constant(self, shape: Space, value: Any) -> Jet:
        return Jet.constant(shape, value)

    def _zero(self, shape: Space) -> Jet:
        return Jet(shape, [None] * shape.size)

    # -- leaves ---
    def _num(self, term: Term, shape: Space) -> Jet:
        return self._constant(shape, self.ring.exact(rational(term)) if term.data else None)

    def _pi(self, term: Term, shape: Space) -> Jet:
        return self._constant(shape, self.ring.pi())

    def _sym(self, term: Term, shape: Space) -> Jet:
        return self._constant(shape, self.interpreter.symbol(str(term.data)))

    def _dim(self, term: Term, shape: Space) -> Jet:
        return self._constant(shape, self.ring.exact(self.D))

    def _tfun(self, term: Term, shape: Space) -> Jet:
        return self.interpreter.model.schedule(str(term.data), shape.nt).into(shape)

    def _x(self, term: Term, shape: Space) -> Value:
        return self._coordinates(shape)

    def _X0(self, term: Term, shape: Space) -> Value:
        assert self.X0 is not None
        return tuple(self._constant(shape, v) for v in self.X0)

    def _eye(self, term: Term, shape: Space) -> Value:
        one, zero = self._constant(shape, self.ring.exact(1)), self._zero(shape)
        return tuple(tuple(one if i == j else zero for j in range(self.D)) for i in range(self.D))

    def _mat(self, term: Term, shape: Space) -> Value:
        raise Unsupported(f"{term.data}(t) of a matrix process has no value under a linear process")

    def _origin(self, term: Term, shape: Space) -> Value:
        return tuple(self._zero(shape) for _ in range(self.D))

    def _field(self, term: Term, shape: Space) -> Value:
        assert isinstance(term.data, tuple)
        field = self.interpreter.test_field(str(term.data[0]), int(str(term.data[1])))
        assert self.x is not None
        return self.interpreter.over_same(self.ring).jets(field, self.x, None, None, shape.nx, shape.nt)

    # -- densities ---
    @property
    def mixture(self) -> Responsibilities:
        """The components at this point, at the largest orders of the term."""
        if self.outer is not None:
            return self.outer.mixture
        if self._mixture is None:
            assert self.x is not None
            self._mixture = Responsibilities(self.interpreter, self.ring, self.x, space(self.D, *self.top), self.motion)
        return self._mixture

    def density_log(self, name: str, shape: Space) -> Jet:
        """The logarithm of a density or weight, untapped."""
        if name == "p":
            return self.mixture.log_p.into(shape)
        if name not in self._logs:
            self._logs[name] = getattr(self, "_log_" + name)(space(self.D, *self.top))
        return self._logs[name].into(shape)

    def _log_kern(self, shape: Space) -> Jet:
        assert self.x is not None
        assert self.X0 is not None
        return self.interpreter.model.log_kernel(self.X0, shape.nt).jet(self.x, shape, self.motion, self.ring.exact(1))

    def _log_q(self, shape: Space) -> Jet:
        assert self.x is not None
        model = self.interpreter.second
        return model.log_component(0, shape.nt).jet(self.x, shape, self.motion, self.ring.exact(1))

    def _log_p0(self, shape: Space) -> Jet:
        model, ring = self.interpreter.model, self.ring
        if model.law.is_discrete:
            return self._constant(shape, ring.choose(self.Z, model.log_masses))
        assert self.X0 is not None
        if model.K == 1:
            return self._constant(shape, model.log_end(0).at(self.X0))
        ends = [model.log_end(k) for k in range(model.K)]
        same = [[c.cov == d.cov for d in model.law.components] for c in model.law.components]
        heads = [end.at(self.X0) for end in ends]
        top, *_ = ring.softmax(heads, lambda k, m: ends[k].minus(ends[m], same[k][m]).at(self.X0 or ()))
        return self._constant(shape, top)

    def _log_wz(self, shape: Space) -> Jet:
        return self._constant(shape, self.ring.choose(self.Z, self.interpreter.model.log_weights))

    def _log_pz(self, shape: Space) -> Jet:
        logs = [self.mixture.log(k) for k in range(self.interpreter.model.K)]
        columns = zip(*(u.c for u in logs), strict=True)
        chosen = Jet(logs[0].space, [self._chosen(column) for column in columns])
        return chosen.into(shape) - self._log_wz(shape)

    def _chosen(self, column: Sequence[Any]) -> Any:
        """The entry of the label; ``None`` if all are."""
        if all(v is None for v in column):
            return None
        return self.ring.choose(self.Z, [0 if v is None else v for v in column])

    def _density(self, term: Term, shape: Space) -> Jet:
        return jets.exp(self.density_log(term.op, shape), self.ring)

    _p = _q = _kern = _p0 = _pz = _density

    def _wz(self, term: Term, shape: Space) -> Jet:
        return self._constant(shape, self.ring.choose(self.Z, self.interpreter.model.weights))

    # -- components ---
    def _mz(self, term: Term, shape: Space) -> Value:
        means = self.interpreter.model.means
        return tuple(self._constant(shape, self.ring.choose(self.Z, [m[i] for m in means])) for i in range(self.D))

    def _Sz(self, term: Term, shape: Space) -> Value:
        covs, size = self.interpreter.model.covariances, range(self.D)
        entry = self.ring.choose
        return tuple(tuple(self._constant(shape, entry(self.Z, [c[i][j] for c in covs])) for j in size) for i in size)

    # -- averages ---
    def _E(self, term: Term, shape: Space) -> Value:
        return self._average(term, shape, 0)

    def _average(self, term: Term, shape: Space, derivative: int) -> Value:
        """The series of E[.] (derivative 0) or of d/dt E[.] (derivative 1)."""
        orders = range(shape.nt, -1, -1)  # the highest first: lower coefficients then share its integrand
        columns = [self.interpreter.average(term.args[0], j + derivative) for j in orders][::-1]

        def build(*coefficients: Any) -> Jet:
            jet = Jet(space(self.D, 0, shape.nt), [
                None if c is None else c * (j + 1) if derivative else c for j, c in enumerate(coefficients)
            ])  # fmt: skip
            return jet.into(shape)

        return map_value(build, *columns)

    def _post(self, term: Term, shape: Space) -> Value:
        inner = term.args[0]
        if not inner.free & LATENT:
            return self.get(inner, shape)
        return self.mixture.average(self.by_component(inner, shape))


__all__ = ["DENSITIES", "Reading", "Responsibilities", "map_value"]
