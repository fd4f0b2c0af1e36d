"""One reading of a term at one point: core operators on jets, responsibilities, posterior averages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from numerics.evaluate_law import Quadratic
from numerics.rings import NotPolynomial, NumberRing, Poly, PolyRing, Unsupported, total
from theory import jets
from theory.jets import Jet, Space, space
from theory.language.terms import LATENT, X0_VAR, Z_VAR, Term

if TYPE_CHECKING:
    from numerics.evaluate import Interpreter

DENSITIES = ("p", "kern", "p0", "pz", "wz")
Value = Any
Motion = Sequence[Jet] | None


def map_value(function: Callable[..., Any], *values: Value) -> Value:
    """``function`` on the entries of nested tuples of one rank."""
    if isinstance(values[0], tuple):
        return tuple(map_value(function, *entries) for entries in zip(*values, strict=True))
    return function(*values)


class Responsibilities:
    """The components at a point: log-weights l_k, log p and the posterior weights of the components, as jets.

    Everything is taken relative to the dominant component ``top`` where the ring names one: log p = l_top + rest, and
    l_k - l_top is a difference of quadratics in which equal curvatures cancel exactly.
    """

    def __init__(
        self, interpreter: Interpreter, ring: NumberRing, x: Sequence[Any], shape: Space, motion: Motion = None
    ) -> None:
        model = interpreter.model
        self.ring, self.model, self.x, self.shape, self.motion = ring, model, x, shape, motion
        self.one = ring.exact(1)
        self._logs: dict[int, Jet] = {}
        self._offsets: dict[int, Jet] = {}
        self._ratios: list[Jet] | None = None
        if model.K == 1:
            self.top: int | None = 0
            self.heads, self.rest = [self.one], Jet(shape, [None] * shape.size)
            self.log_p = self.log(0)
            return
        heads = [model.log_component(k, 0).at(x) for k in range(model.K)]
        total_log, self.top, rest, self.heads = ring.softmax(heads, lambda k, m: model.log_difference(k, m, 0).at(x))
        self.mass = mix_jets(ring, self.heads, self.units)
        self.rest = jets.log_unit(self.mass)
        if self.top is None:
            self.log_p = Jet(shape, [total_log, *self.rest.c[1:]])
        else:
            self.rest.c[0] = rest
            self.log_p = self.log(self.top) + self.rest
            self.log_p.c[0] = total_log

    def _jet(self, quadratic: Quadratic) -> Jet:
        return quadratic.jet(self.x, self.shape, self.motion, self.one)

    def log(self, k: int) -> Jet:
        """l_k = log(w_k N_k)."""
        if k not in self._logs:
            self._logs[k] = self._jet(self.model.log_component(k, self.shape.nt))
        return self._logs[k]

    def offset(self, k: int) -> Jet:
        """l_k - l_top (l_k where no component is named)."""
        if self.top is None:
            return self.log(k)
        if k not in self._offsets:
            self._offsets[k] = self._jet(self.model.log_difference(k, self.top, self.shape.nt))
        return self._offsets[k]

    @cached_property
    def units(self) -> list[Jet]:
        """exp of the offsets, each divided by its value at the point."""
        constant = Jet.constant(self.shape, self.one)
        return [constant if k == self.top else jets.exp_unit(self.offset(k), self.one) for k in range(self.model.K)]

    @property
    def ratios(self) -> list[Jet]:
        """The posterior weight of each component divided by its value at the point."""
        if self._ratios is None:
            if self.model.K == 1:
                self._ratios = [Jet.constant(self.shape, self.one)]
            else:
                inverse = jets.power_unit(self.mass, Fraction(-1), self.one)
                self._ratios = [u * inverse for u in self.units]
        return self._ratios

    def average(self, values: Sequence[Value]) -> Value:
        """sum_k r_k values_k with the posterior weights r_k."""
        weighted = [map_value(lambda v, k=k: self.ratios[k].into(v.space) * v, value) for k, value in enumerate(values)]
        return map_value(lambda *entries: mix_jets(self.ring, self.heads, entries), *weighted)

    def combination(self, exponents: dict[int, Fraction], of_p: Fraction) -> Jet:
        """sum_k exponents_k l_k + of_p log p, the dominant component cancelled before anything is evaluated."""
        assert self.top is not None
        terms = [times_exact(self.offset(k), c, self.ring) for k, c in exponents.items() if c and k != self.top]
        if of_p:
            terms.append(times_exact(self.rest, of_p, self.ring))
        left = sum(exponents.values(), of_p)
        if left:
            terms.append(times_exact(self.log(self.top), left, self.ring))
        result = total(terms)
        return Jet(self.shape, [None] * self.shape.size) if result is None else result


def times_exact(jet: Jet, factor: Fraction, ring: NumberRing) -> Jet:
    """A jet times a rational number."""
    if factor == 1:
        return jet
    return -jet if factor == -1 else jet.scaled(ring.exact(factor))


def mix_jets(ring: NumberRing, weights: Sequence[Any], values: Sequence[Jet]) -> Jet:
    """sum_k weights_k values_k, coefficient by coefficient; equal constant terms 1 stay 1 for weights that sum to 1."""
    if len(values) == 1:
        return values[0]
    columns = zip(*(v.c for v in values), strict=True)
    return Jet(values[0].space, [None if all(v is None for v in c) else ring.mix(weights, c) for c in columns])


class Reading:
    """The values of a term's nodes at one point ``x`` (``None`` for numbers), end point ``X0`` and label ``Z``.

    ``motion`` moves the point: series in t without constant term that are added to ``x`` (then d/dt is along the motion,
    which is not what a ``dt`` inside the term means; callers exclude those).
    ``orders`` says at which jet order each node is needed. ``outer`` is the reading at the same x without the latent
    variables: nodes free of them are evaluated there, once.
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

    # -- access -------------------------------------------------------------------------------------------------------
    def get(self, term: Term, shape: Space) -> Value:
        """The value of a node in ``shape``."""
        if not term.free and self.x is not None:
            return self.interpreter.lifted(term, shape)
        elif self.outer is not None and not term.free & LATENT:
            return self.outer.get(term, shape)
        else:
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
        return fixed if self.motion is None else tuple(u + m.into(shape) for u, m in zip(fixed, self.motion, strict=True))

    def _time(self, shape: Space) -> Jet:
        jet = Jet.variable(shape, None, None, self.ring.exact(1))
        return jet

    def _args(self, term: Term, shape: Space) -> list[Value]:
        return [self.get(t, shape) for t in term.args]

    def _constant(self, shape: Space, value: Any) -> Jet:
        return Jet.constant(shape, value)

    def _zero(self, shape: Space) -> Jet:
        return Jet(shape, [None] * shape.size)

    # -- leaves ---------------------------------------------------------------------------------------------------------
    def _num(self, term: Term, shape: Space) -> Jet:
        return self._constant(shape, self.ring.exact(_rational(term)) if term.data else None)

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

    def _origin(self, term: Term, shape: Space) -> Value:
        return tuple(self._zero(shape) for _ in range(self.D))

    def _field(self, term: Term, shape: Space) -> Value:
        assert isinstance(term.data, tuple)
        field = self.interpreter.test_field(str(term.data[0]), int(str(term.data[1])))
        assert self.x is not None
        return self.interpreter.over_same(self.ring).jets(field, self.x, None, None, shape.nx, shape.nt)

    # -- densities ------------------------------------------------------------------------------------------------------
    @property
    def mixture(self) -> Responsibilities:
        """The components at this point, at the largest orders of the term."""
        if self.outer is not None:
            return self.outer.mixture
        if self._mixture is None:
            assert self.x is not None
            self._mixture = Responsibilities(
                self.interpreter, self.ring, self.x, space(self.D, *self.top), self.motion
            )
        return self._mixture

    def density_log(self, name: str, shape: Space) -> Jet:
        """The logarithm of a density or weight, untapped."""
        if name == "p":
            return self.mixture.log_p.into(shape)
        if name not in self._logs:
            self._logs[name] = getattr(self, "_log_" + name)(space(self.D, *self.top))
        return self._logs[name].into(shape)

    def _log_kern(self, shape: Space) -> Jet:
        assert self.x is not None and self.X0 is not None
        return self.interpreter.model.log_kernel(self.X0, shape.nt).jet(self.x, shape, self.motion, self.ring.exact(1))

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
        chosen = Jet(logs[0].space, [
            None if all(v is None for v in column) else self.ring.choose(self.Z, [0 if v is None else v for v in column])
            for column in zip(*(u.c for u in logs), strict=True)
        ])  # fmt: skip
        return chosen.into(shape) - self._log_wz(shape)

    def _density(self, term: Term, shape: Space) -> Jet:
        return jets.exp(self.density_log(term.op, shape), self.ring)

    _p = _kern = _p0 = _pz = _density

    def _wz(self, term: Term, shape: Space) -> Jet:
        return self._constant(shape, self.ring.choose(self.Z, self.interpreter.model.weights))

    # -- arithmetic -------------------------------------------------------------------------------------------------------
    def _add(self, term: Term, shape: Space) -> Value:
        fused, rest = self._log_ratio(term, shape) if term.rank == 0 else (None, term.args)
        values = [self.get(t, shape) for t in rest]
        if fused is not None:
            values.append(fused)
        result = values[0]
        for value in values[1:]:
            result = map_value(lambda u, v: u + v, result, value)
        return result

    def _log_ratio(self, term: Term, shape: Space) -> tuple[Jet | None, tuple[Term, ...]]:
        """(the sum of the log-densities in a sum, the other summands); nothing is fused where an operator is tapped.

        log(p0 k / p) of an atom and log(wz pz / p) are differences of log-components: common parts cancel exactly.
        """
        law, label = self.interpreter.law, self.Z
        if self.x is None or self.interpreter.taps or not isinstance(label, int) or self.mixture.top is None:
            return None, term.args
        exponents: dict[int, Fraction] = {}
        of_p, numbers, others = Fraction(0), [], []
        ring = self.ring
        for part in term.args:
            factor, name = _log_density(part)
            if name == "p":
                of_p += factor
            elif name in ("p0", "wz") and (law.is_discrete or name == "wz"):
                numbers.append(times_exact(self.density_log(name, shape), factor, ring))
            elif (name == "kern" and law.is_discrete) or name == "pz":
                exponents[label] = exponents.get(label, Fraction(0)) + factor
                numbers.append(times_exact(self._log_wz(shape), -factor, ring))
            else:
                others.append(part)
        if not exponents or not of_p:
            return None, term.args
        fused = self.mixture.combination(exponents, of_p).into(shape)
        return total([fused, *numbers]), tuple(others)

    def _mul(self, term: Term, shape: Space) -> Value:
        factors, exponents = [], []
        for t in term.args:
            power = _density_power(t)
            (factors.append(t) if power is None else exponents.append((t, power)))
        values = [self.get(t, shape) for t in factors]
        if len(exponents) == 1:
            values.append(self.get(exponents[0][0], shape))
        elif exponents:
            values.append(self._density_product(exponents, shape))
        tensor = [v for v in values if isinstance(v, tuple)]
        scalars = [v for v in values if not isinstance(v, tuple)]
        product = None
        for value in scalars:
            product = value if product is None else product * value
        if not tensor:
            return product
        return tensor[0] if product is None else map_value(lambda v: product * v, tensor[0])

    def _density_product(self, factors: list[tuple[Term, tuple[str, int]]], shape: Space) -> Jet:
        """A product of powers of densities, multiplied as logarithms: far out each factor under- or overflows."""
        log_sum, tapped = None, None
        for _, (name, exponent) in factors:
            term = self.density_log(name, shape)
            term = term if exponent == 1 else term.scaled(exponent)
            log_sum = term if log_sum is None else log_sum + term
            one = self._constant(shape, self.ring.exact(1))
            factor = self._tapped(name, one)
            if factor is not one:
                factor = jets.power(factor, exponent, self.ring)
                tapped = factor if tapped is None else tapped * factor
        assert log_sum is not None
        product = jets.exp(log_sum, self.ring)
        return product if tapped is None else product * tapped

    def _pow(self, term: Term, shape: Space) -> Jet:
        base, exponent = term.args[0], _rational(term)
        if base.op == "tfun" and base.data in ("sigma", "g") and exponent.denominator == 1 and exponent % 2 == 0:
            value = self.interpreter.model.schedule(f"{base.data}^2", shape.nt).into(shape)
            return jets.power(value, exponent / 2, self.ring) if base.data not in self.interpreter.taps else \
                jets.power(self.get(base, shape), exponent, self.ring)  # fmt: skip
        return jets.power(self.get(base, shape), exponent, self.ring)

    def _log(self, term: Term, shape: Space) -> Jet:
        inner = term.args[0]
        if inner.op in DENSITIES:
            return self._tapped("log " + inner.op, self.density_log(inner.op, shape))  # type: ignore[no-any-return]
        return jets.log(self.get(inner, shape), self.ring)

    def _exp(self, term: Term, shape: Space) -> Jet:
        return jets.exp(self.get(term.args[0], shape), self.ring)

    def _tanh(self, term: Term, shape: Space) -> Jet:
        return jets.tanh(self.get(term.args[0], shape), self.ring)

    # -- tensors ----------------------------------------------------------------------------------------------------------
    def _dot(self, term: Term, shape: Space) -> Value:
        left, right = self._args(term, shape)
        ranks = term.args[0].rank, term.args[1].rank
        if ranks == (1, 1):
            return _inner(left, right)
        if ranks == (2, 1):
            return tuple(_inner(row, right) for row in left)
        columns = tuple(zip(*right, strict=True))
        if ranks == (1, 2):
            return tuple(_inner(left, column) for column in columns)
        return tuple(tuple(_inner(row, column) for column in columns) for row in left)

    def _outer(self, term: Term, shape: Space) -> Value:
        left, right = self._args(term, shape)
        return tuple(tuple(u * v for v in right) for u in left)

    def _tr(self, term: Term, shape: Space) -> Value:
        matrix = self.get(term.args[0], shape)
        return total(matrix[i][i] for i in range(self.D))

    def _transpose(self, term: Term, shape: Space) -> Value:
        return tuple(zip(*self.get(term.args[0], shape), strict=True))

    def _coord(self, term: Term, shape: Space) -> Value:
        number = int(str(term.data))
        if number > self.D:
            raise Unsupported(f"component {number} of a vector in D = {self.D}")
        return self.get(term.args[0], shape)[number - 1]

    # -- derivatives --------------------------------------------------------------------------------------------------------
    def _grad(self, term: Term, shape: Space) -> Value:
        value = self.get(term.args[0], space(self.D, shape.nx + 1, shape.nt))
        if term.args[0].rank == 0:
            return tuple(value.derivative(i) for i in range(self.D))
        return tuple(tuple(v.derivative(i) for i in range(self.D)) for v in value)

    def _dt(self, term: Term, shape: Space) -> Value:
        inner = term.args[0]
        if inner.op == "E":
            return self._average(inner, shape, 1)
        return map_value(lambda v: v.derivative(None), self.get(inner, space(self.D, shape.nx, shape.nt + 1)))

    def _at(self, term: Term, shape: Space) -> Value:
        field, point = term.args
        place = self.interpreter.series(point, shape.nt)
        if any(v is not None for jet in place for v in jet.c[1:]):
            raise Unsupported("a value at a point that moves in time")
        zero = self.ring.exact(0)
        x = [zero if jet.head is None else jet.head for jet in place]
        values = self.interpreter.over_same(self.ring).jets(field, x, self.X0, self.Z, 0, shape.nt)
        return map_value(lambda jet: jet.into(shape), values)

    # -- averages -------------------------------------------------------------------------------------------------------------
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

    def by_component(self, inner: Term, shape: Space) -> list[Value]:
        """The average of ``inner`` over X0 given x within each component, in ``shape``.

        Atoms: the value at the atom. A density: exact Gaussian moments of a polynomial in X0.
        """
        law = self.interpreter.law
        root = self.outer or self
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
            self._children[key] = Reading(self.interpreter, ring, self.orders, self.top, self.x, X0, Z, self, self.motion)
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
                    groups.setdefault(exponents, self._zero(jet.space)).c[i] = coefficient
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
            result = self._constant(shape, self.ring.exact(1))
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


def _inner(left: Sequence[Jet], right: Sequence[Jet]) -> Jet:
    result = total(u * v for u, v in zip(left, right, strict=True))
    assert isinstance(result, Jet)
    return result


def _rational(term: Term) -> Fraction:
    assert isinstance(term.data, Fraction)
    return term.data


def _log_density(term: Term) -> tuple[Fraction, str]:
    """(c, name) for c log(density) with a literal c; the name is empty for anything else."""
    if term.op == "log":
        return Fraction(1), term.args[0].op if term.args[0].op in DENSITIES else ""
    if term.op == "mul" and len(term.args) == 2 and term.args[0].op == "num":
        factor, name = _log_density(term.args[1])
        return factor * _rational(term.args[0]), name
    return Fraction(0), ""


def _density_power(term: Term) -> tuple[str, int] | None:
    """(name, exponent) of an integer power of a density."""
    if term.op in DENSITIES:
        return term.op, 1
    if term.op == "pow" and term.args[0].op in DENSITIES and _rational(term).denominator == 1:
        return term.args[0].op, int(_rational(term))
    return None


__all__ = ["DENSITIES", "NotPolynomial", "Reading", "Responsibilities", "map_value"]
