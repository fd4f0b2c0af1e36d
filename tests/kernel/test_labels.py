"""Labels in the bracket kernel: random terms lowered and evaluated exactly, beside a direct evaluation of the mixture.

The direct evaluation sums over atoms and labels and differentiates by finite differences at 50 digits; it knows the
definitions of :mod:`theory.language` and nothing of the kernel's rules.
"""

import random
from fractions import Fraction

import mpmath
import pytest

from numerics.balls import ArbRing
from numerics.evaluate import Interpreter
from numerics.rings import FloatRing
from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.averages import expectation, label_posterior, posterior
from theory.kernel.index.bracket import Channel, expand_kernel_logs
from theory.kernel.index.gaussian_components import written_out
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import generator, indices_of, monomial
from theory.kernel.index.zero import reduced, vanishes
from theory.kernel.witness.finite_law import FiniteLaw
from theory.language.definitions import unfold
from theory.language.instances import STANDING, STANDING_GERM, Germ, gaussian, mixture
from theory.language.notation import *

CHANNEL, COMPONENTS = Channel(), Channel(gaussian=True)
V = alpha**2 * Sz + sigma**2 * I


def end(*indices):
    return monomial((), tuple(("X", "", (i,)) for i in indices))


ATOMS = [
    generator("lpz"), generator("pz"), generator("lwz") * generator("pz"), label_posterior(end(1, 2)),
    label_posterior(end(1) * generator("lk")), posterior(generator("lpz") * end(1)),
    posterior(label_posterior(end(1)) * label_posterior(end(2)) * generator("wz")),
]  # fmt: skip


@pytest.mark.parametrize("element", ATOMS)
def test_derivations_commute(element):
    def written(e):
        return expand_kernel_logs(e, CHANNEL.log_kernel)

    i, j = 7, 8
    twice = CHANNEL.gradient(CHANNEL.gradient(element, i), j) - CHANNEL.gradient(CHANNEL.gradient(element, j), i)
    mixed = CHANNEL.rate(CHANNEL.gradient(element, i)) - CHANNEL.gradient(CHANNEL.rate(element), i)
    assert not written(twice)
    assert not written(mixed)


def test_averages_and_their_towers():
    label, inner = generator("lpz"), label_posterior(end(1))
    assert not label_posterior(label * end(1)) - label * inner
    assert not posterior(inner) - posterior(end(1))
    assert not posterior(label * end(1)) - posterior(label * inner)
    assert not posterior(inner * end(2)) - posterior(inner * label_posterior(end(2)))
    assert posterior(inner * end(2)) - posterior(end(1) * end(2))
    assert posterior(label) - label
    assert expectation(label * end(1)) - expectation(label) * expectation(end(1))
    assert not expectation(label * end(1)) - expectation(posterior(label * inner))


# -- random terms against a direct evaluation --------------------------------------------------------------------------
class Direct:
    """A finite joint law of (X0, Z) by brute force."""

    def __init__(self, law):
        self.law, self.germ, self.D = law, law.germ, law.D
        self.a, self.g = self.mp(law.germ.number(("a", 0), None)), self.mp(law.germ.values[("g",)])
        masses = {kz: self.mp(r) / self.kernel(tuple(map(self.mp, law.x)), kz[0], 0) for kz, r in law.joint.items()}
        total = sum(masses.values())
        self.masses = {kz: m / total for kz, m in masses.items()}

    @staticmethod
    def mp(q):
        return mpmath.mpf(q.numerator) / q.denominator

    def schedule(self, t):
        s2 = self.mp(self.germ.sigma**2)
        # alpha' = a alpha and (sigma^2)' = 2 a sigma^2 + g^2 with a and g^2 frozen at their values
        grown = mpmath.exp(2 * self.a * t)
        return self.mp(self.germ.alpha) * mpmath.exp(self.a * t), s2 * grown + self.g**2 * (grown - 1) / (2 * self.a)

    def kernel(self, at, k, t):
        al, s2 = self.schedule(t)
        r2 = sum((u - al * self.mp(y)) ** 2 for u, y in zip(at, self.law.places[k], strict=True))
        return mpmath.exp(-r2 / (2 * s2)) / (2 * mpmath.pi * s2) ** (mpmath.mpf(self.D) / 2)

    def weight(self, z):
        return sum(m for (_, label), m in self.masses.items() if label == z)

    def component(self, at, z, t):
        return sum(m * self.kernel(at, k, t) for (k, l), m in self.masses.items() if l == z) / self.weight(z)

    def value(self, term, at, k, z, t=mpmath.mpf(0)):
        """Scalars as numbers, vectors as lists."""

        def of(u):
            return self.value(u, at, k, z, t)

        op, args = term.op, term.args
        if op == "num":
            return self.mp(Fraction(term.data))
        if op == "tfun":
            al, s2 = self.schedule(t)
            return {"alpha": al, "sigma": mpmath.sqrt(s2), "a": self.a, "g": self.g}[term.data]
        if op == "x":
            return list(at)
        if op == "X0":
            return [self.mp(y) for y in self.law.places[k]]
        if op == "p":
            return sum(m * self.kernel(at, j, t) for (j, _), m in self.masses.items())
        if op == "kern":
            return self.kernel(at, k, t)
        if op == "p0":
            return sum(m for (j, _), m in self.masses.items() if j == k)
        if op == "pz":
            return self.component(at, z, t)
        if op == "wz":
            return self.weight(z)
        if op == "log":
            return mpmath.log(of(args[0]))
        if op == "add":
            parts = [of(u) for u in args]
            return [sum(c) for c in zip(*parts, strict=True)] if term.rank else sum(parts)
        if op == "mul":
            scale = mpmath.fprod(of(u) for u in args if not u.rank)
            tensor = [of(u) for u in args if u.rank]
            return [scale * v for v in tensor[0]] if tensor else scale
        if op == "pow":
            return of(args[0]) ** int(term.data)
        if op == "dot":
            return sum(u * v for u, v in zip(of(args[0]), of(args[1]), strict=True))
        if op == "tr":  # of a Jacobian: the divergence
            field = args[0].args[0]
            return sum(self.partial(lambda u, i=i: self.value(field, u, k, z, t)[i], at, i) for i in range(self.D))
        if op == "grad":
            return [self.partial(lambda u: self.value(args[0], u, k, z, t), at, i) for i in range(self.D)]
        if op == "dt":
            h = mpmath.mpf(10) ** -12
            up, down = (self.value(args[0], at, k, z, t + s * h) for s in (1, -1))
            return [(u - v) / (2 * h) for u, v in zip(up, down)] if term.rank else (up - down) / (2 * h)
        if op == "post":
            pairs = [(self.masses[j, l] * self.kernel(at, j, t), j, l) for j, l in self.masses]
            total = sum(w for w, _, _ in pairs)
            values = [self.value(args[0], at, j, l, t) for _, j, l in pairs]
            mean = [[w / total for w, _, _ in pairs], values]
            if term.rank:
                return [sum(w * v[i] for w, v in zip(*mean)) for i in range(self.D)]
            return sum(w * v for w, v in zip(*mean))
        raise AssertionError(op)

    def partial(self, f, at, i):
        h = mpmath.mpf(10) ** -12
        return (f(moved(at, i, h)) - f(moved(at, i, -h))) / (2 * h)


def moved(at, i, h):
    return [u + h if j == i else u for j, u in enumerate(at)]


def scalar(rng, depth):
    """A random scalar term that speaks of the label."""
    if depth == 0:
        logs, products = [log(pz), log(wz), log(p), log(k)], [dot(X0, x), dot(s_z, s_z), dot(s_z, X0), pz * k / p]
        return rng.choice([*logs, P(Z | x), wz, *products])
    kind = rng.randrange(6)
    if kind == 0:
        return scalar(rng, depth - 1) * scalar(rng, 0)
    if kind == 1:
        return scalar(rng, depth - 1) - rng.choice([2, 3]) * scalar(rng, 0)
    if kind == 2:
        return post(scalar(rng, depth - 1))
    if kind == 3:
        return dt(scalar(rng, depth - 1))
    return dot(vector(rng, depth - 1), vector(rng, 0))


def vector(rng, depth):
    if depth == 0:
        return rng.choice([s_z, s, s_c, X0, x, m])
    kind = rng.randrange(3)
    if kind == 0:
        return grad(scalar(rng, depth - 1))
    return post(scalar(rng, 0) * vector(rng, 0)) if kind == 1 else scalar(rng, 0) * vector(rng, 0) - s_z


@pytest.mark.parametrize("seed", range(40))
def test_random_labelled_terms_agree_with_direct_evaluation(seed):
    rng = random.Random(seed)
    law = FiniteLaw(2 if seed % 3 else 1, 3, seed % 3, "linear", frozenset(), "any" if seed % 4 else "component")
    law.germ.values |= {(name, order): Fraction(0) for name in ("a", "g2") for order in (1, 2)}  # frozen, as in Direct
    term = scalar(rng, rng.choice([1, 2, 2]))
    element = Lowering(CHANNEL).element(term)
    written = expand_kernel_logs(element, CHANNEL.log_kernel)
    with mpmath.workdps(50):
        direct, at = Direct(law), [Direct.mp(u) for u in law.x]
        ends = [(j, l) for j, l in law.joint][1:3]
        for j, l in ends:
            expected = direct.value(unfold(term), at, j, l)
            for lowered in (element, written):
                value = law.value(lowered, {}, j, l)
                middle = Direct.mp(value) if isinstance(value, Fraction) else Direct.mp((value.lo + value.hi) / 2)
                assert abs(middle - expected) < mpmath.mpf(10) ** -9 * (1 + abs(expected)), term


# -- Gaussian components -----------------------------------------------------------------------------------------------
LAWS = [i.law for i in STANDING] + [
    gaussian((1, -2), ((1, Fraction(1, 2)), (Fraction(1, 2), 1))),
    mixture(
        (Q(1, 3), (0, 1, 2), ((1, Q(1, 3), 0), (Q(1, 3), 2, Q(1, 5)), (0, Q(1, 5), 1))),
        (Q(2, 3), (1, 0, -1), ((2, 0, Q(1, 2)), (0, 1, 0), (Q(1, 2), 0, 1))),
    ),
]  # fmt: skip


class Evaluated:
    """Reduced elements in floats: m_Z, S_Z, V^-1 and responsibilities of a mixture; every other atom is refused."""

    def __init__(self, law, germ, at):
        self.law, self.x = law, at
        reader = Interpreter(FloatRing(), law, germ)
        self.numbers = {n: float(getattr(germ, n)) for n in ("alpha", "sigma")}
        self.numbers |= {"g": float(germ.g2[0]) ** 0.5, "a": float(germ.a[0])}
        labels = range(law.K)
        self.weight = [reader.field(P(Z | x), at, Z=k) for k in labels]
        self.of = {
            "mz": [reader.field(mz, at, Z=k) for k in labels], "Sz": [reader.field(Sz, at, Z=k) for k in labels],
            "vinv": [reader.field(inv(V), at, Z=k) for k in labels],
        }  # fmt: skip

    def element(self, element, at, label):
        return sum(float(c) * self.monomial(m, at, label) for m, c in element.terms.items())

    def monomial(self, m, at, label):
        value = 1.0
        for tag, exponent in m[0]:
            value *= (self.law.D if tag == ("D",) else self.numbers[tag[0]]) ** float(exponent)
        free = sorted({i for i in indices_of(m[1]) if i not in at})
        return value * self.summed(m[1], at, free, label)

    def summed(self, factors, at, free, label):
        if free:
            return sum(self.summed(factors, {**at, free[0]: d}, free[1:], label) for d in range(self.law.D))
        value = 1.0
        for kind, data, slots in factors:
            if kind == "x":
                value *= self.x[at[slots[0]]]
            elif kind == "delta":
                value *= at[slots[0]] == at[slots[1]]
            elif kind == "post":
                value *= sum(w * self.monomial(data, at, k) for k, w in enumerate(self.weight))
            else:
                entry = self.of[kind][label]
                for i in slots:
                    entry = entry[at[i]]
                value *= entry
        return value


FIELDS = [
    dot(s_z, s_z), dot(s_z, x), div(s_z), dt(dot(s_z, x)), dot(m, s_z), tr(dot(inv(V), Sz)), dot(mz, dot(Sz, s_z)),
    post(normsq(X0)), post(dot(X0, x) ** 2), post(normsq(X0) ** 2), post(dot(s_z, X0)), post(tr(inv(V)) * dot(X0, mz)),
    div(s), frobsq(Cov(X0 | x)), dt(div(s)), lap(post(normsq(X0))), div(post(dot(Sz, X0))), dt(tr(inv(V))),
    post(dot(X0, dot(Sz, dot(inv(V), X0)))), drift(post(dot(X0, mz)), REVERSE), tr(dot(dot(Sz, inv(V)), dot(Sz, Sz))),
    div(dot(inv(V), x - alpha * mz)), dt(dot(x, dot(inv(V), mz))), post(dot(X0, s_z) * dot(X0, s_c)),
]  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.name or 'law'}-{law.D}")
def test_written_out_components_agree_with_the_interpreter(law):
    at = (0.3, -0.7, 0.45)[: law.D]
    numbers = Evaluated(law, STANDING_GERM, at)
    reader = Interpreter(FloatRing(), law, STANDING_GERM)
    for field in FIELDS:
        term = field + tr(Sz)  # a term that does not speak of Z would not be written out
        element = reduced(Lowering(COMPONENTS).element(term), COMPONENTS)
        assert not any(tag[0] in ("lk", "lpz", "lp") for m in element.terms for tag, _ in m[0])
        for label in range(law.K):
            value = numbers.element(element, {}, label)
            expected = reader.field(term, at, Z=label)
            assert value == pytest.approx(float(expected), rel=1e-9, abs=1e-9), term


def test_the_inverse_in_every_ring():
    law, at = LAWS[-1], (Fraction(1, 3), Fraction(-1, 2), Fraction(2, 7))
    identity = dot(inv(V), V)
    for ring in (FloatRing(), ArbRing()):
        value = Interpreter(ring, law, STANDING_GERM).field(identity, [ring.exact(u) for u in at], Z=1)
        for i in range(3):
            for j in range(3):
                entry = value[i][j] - (1 if i == j else 0)
                if isinstance(ring, ArbRing):
                    assert entry.contains(0)
                    assert float(entry.rad()) < 1e-12
                else:
                    assert abs(entry) < 1e-12


def test_the_inverse_moves_with_the_process():
    law, germ, step = LAWS[-1], STANDING_GERM, 1e-6
    moving = Interpreter(FloatRing(), law, germ).field(dt(inv(V)), (0.1, 0.2, 0.3), Z=0)
    al, sg, a0, g2 = (float(v) for v in (germ.alpha, germ.sigma, germ.a[0], germ.g2[0]))

    def later(t):
        noise = (sg**2 + t * (2 * a0 * sg**2 + g2)) ** 0.5
        moved = Germ(Fraction(al * (1 + a0 * t)), Fraction(noise), germ.a, germ.g2)
        return Interpreter(FloatRing(), law, moved).field(inv(V), (0.1, 0.2, 0.3), Z=0)

    up, down = later(step), later(-step)
    for i in range(3):
        for j in range(3):
            assert moving[i][j] == pytest.approx((up[i][j] - down[i][j]) / (2 * step), abs=1e-7)


def test_what_is_not_read_is_named():
    for term in (normsq(mz), tr(Sz), tr(inv(V))):
        with pytest.raises(UnsupportedError, match="Gaussian"):
            Lowering(CHANNEL).element(term)
    for matrix in (Sz, alpha * Sz + sigma**2 * I, alpha**2 * Sz + I, alpha**2 * Sz - sigma**2 * I, 2 * V, jac(s)):
        with pytest.raises(KernelError):
            Lowering(COMPONENTS).element(tr(inv(matrix)))
    assert not vanishes(Lowering(COMPONENTS).element(tr(Sz)), COMPONENTS)
    assert written_out(posterior(end(1)), COMPONENTS).terms == posterior(end(1)).terms
