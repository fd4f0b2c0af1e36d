"""Two back-ends, one kernel: FLINT's polynomials against the kernel's own, element by element."""

import random
from fractions import Fraction as F

import pytest

from proofs_checks.registry import load
from theory.kernel.component.calculus import derive
from theory.kernel.component.certificate import Step, check_steps
from theory.kernel.component.elements import Generators
from theory.kernel.component.model import Model
from theory.kernel.component.ring import Ring
from theory.kernel.component.tensors import flat
from theory.kernel.component.zero import cleared, is_zero, sign
from theory.kernel.errors import KernelError
from theory.language.instances import LINEAR, T1W, T3, VE, VP, Law, Setting, mixture, two_modes
from theory.language.notation import (
    X0,
    Cov,
    E,
    H,
    I,
    Xt,
    alpha,
    coord,
    div,
    exp,
    g,
    grad,
    jac,
    lap,
    log,
    m,
    normsq,
    p,
    s,
    sigma,
    sqrt,
    symbol,
    tanh,
    x,
)
from theory.language.statements import Eq
from theory.language.terms import from_data
from theory.search.flint_ring import FlintRing
from theory.search.settle import settle


def plain(ring, terms, known=None):
    """An element with the numbers of generators replaced by what they are: the same in any order of declaration."""
    known = {} if known is None else known

    def generator(index):
        if index not in known:
            gen = ring.gens[index]
            order = generator(gen.order) if gen.kind == "log" else gen.order
            body = plain(ring, dict(gen.body), known)
            known[index] = (gen.kind, gen.name, order, gen.sign, mono(gen.mono), body)
        return known[index]

    def mono(factors):
        return frozenset((generator(i), e) for i, e in factors)

    return frozenset((mono(factors), value) for factors, value in terms.items())


def same(left, right):
    return plain(left.ring, left.terms) == plain(right.ring, right.terms)


class Calls(FlintRing):
    """Counts what FLINT was asked."""

    products = sums = 0

    def plus(self, parts):
        Calls.sums += 1
        return super().plus(parts)

    def times(self, left, right):
        Calls.products += 1
        return super().times(left, right)


def leaves(ring):
    x1, sigma_, alpha_ = ring.coordinate("x", 1), ring.sigma(), ring.alpha()
    v = ring.symbol("S") * alpha_ * alpha_ + sigma_ * sigma_
    whole = [x1, sigma_, alpha_, ring.symbol("mu"), ring.power(sigma_, -2), ring.drift_jet(), ring.number(F(-3, 7))]
    roots = [ring.power(ring.number(8), F(1, 2)), ring.power(ring.number(F(9, 2)), F(-3, 2)), ring.power(v, F(-1, 2))]
    rest = [ring.power(v, -1), ring.exp(x1 * x1), ring.exp((x1 * sigma_).scaled(F(-1, 2))), ring.power(sigma_, F(1, 2))]
    return [*whole, *roots, *rest, ring.power(ring.pi(), F(-1, 2)), ring.log(v), ring.noise_jet()]


@pytest.mark.parametrize("seed", range(50))
def test_random_products_sums_and_derivatives(seed):
    draws = random.Random(seed)
    ours, theirs = (leaves(ring("linear", ("S",))) for ring in (Ring, Calls))
    for _ in range(8):
        i, j = draws.randrange(len(ours)), draws.randrange(len(ours))
        k, factor = draws.randrange(len(ours)), F(draws.randint(-5, 5) or 1, draws.randint(1, 6))
        for pool in (ours, theirs):
            value = pool[i] * pool[j] + pool[k].scaled(factor)
            if len(value.terms) < 40:
                pool.append(value)
        variable = draws.choice(("t", "x1"))
        for pool in (ours, theirs):
            value = derive(pool[-1].ring, pool[-1], variable)
            if len(value.terms) < 40:
                pool.append(value)
    assert len(ours) == len(theirs)
    for left, right in zip(ours, theirs, strict=True):
        assert same(left, right)
        assert same(cleared(left), cleared(right))
        assert sign(left) == sign(right)
        assert is_zero(left - left * left) == is_zero(right - right * right)
    assert Calls.products


def test_a_sum_that_cancels_and_an_empty_product():
    ring = FlintRing("linear")
    x1 = ring.coordinate("x", 1)
    assert (x1 - x1).terms == {}
    assert ((x1 - x1) * x1).terms == {}
    assert (x1 + ring.number(0)).terms == x1.terms
    root = ring.power(ring.number(2), F(1, 2))
    assert (root * root).terms == ring.number(2).terms


def component_certificates():
    found = []
    for claim in load().values():
        laws = [claim.setting] if isinstance(claim.setting.law, Law) else []
        for setting in laws:
            for name, statement in claim.statements.items():
                square = claim.squares.get(name) if claim.squares else None
                outcome = settle(statement, setting, square=square)
                if outcome.status == "proved" and outcome.certificate["kind"] == "component":
                    found.append((f"{claim.id} {name}", statement, setting, outcome.certificate))
    return found


def terms_of(value):
    if hasattr(value, "op"):
        return [value]
    if isinstance(value, tuple):
        return [t for v in value for t in terms_of(v)]
    fields = getattr(value, "__dataclass_fields__", {})
    return [t for name in fields for t in terms_of(getattr(value, name))]


def test_every_component_certificate_of_the_catalogue_is_accepted_by_both():
    certificates = component_certificates()
    assert len(certificates) >= 8
    for name, statement, setting, data in certificates:
        steps = tuple(Step(s["rule"], {k: from_data(t) for k, t in s["terms"].items()}) for s in data["steps"])
        models = [Model.of(setting, ring=ring) for ring in (Ring, FlintRing)]
        ours, theirs = (check_steps(model, statement, setting, steps) for model in models)
        assert ours == theirs, name
        compared = 0
        for term in terms_of(statement):
            for case in models[0].cases(term.free):
                try:
                    left, right = (flat(model.lower(term, case)) for model in models)
                except KernelError:
                    continue
                assert all(same(u, v) for u, v in zip(left, right, strict=True)), name
                compared += 1
        assert compared, name


mu, S, w = symbol("mu"), symbol("S"), symbol("w")
LAWS = [
    *(Setting(law, process) for law in (T3, T1W) for process in (LINEAR, VE, VP)),
    Setting(two_modes(mu), LINEAR, positive=(mu,)), Setting(two_modes(mu, S), VP, positive=(mu,), nonnegative=(S,)),
    Setting(mixture((w, (mu, 0), S), (1 - w, (0, mu), 1)), LINEAR, positive=(w, S)),
]  # fmt: skip


def fields(draws):
    y = coord(x, 1)
    pool = [
        y, normsq(x), p, log(p), div(s), coord(m, 1), coord(s, 1) * y, lap(p), normsq(m), exp(-normsq(x)),
        tanh(y / sigma), sqrt(alpha) / sigma, normsq(grad(log(p))), alpha * sigma**2 + 1,
    ]  # fmt: skip
    return F(draws.randint(-4, 4), 3) * draws.choice(pool) * draws.choice(pool) + draws.choice(pool)


@pytest.mark.parametrize("number", range(len(LAWS)))
def test_random_statements(number):
    setting, draws = LAWS[number], random.Random(number)
    models = [Model.of(setting, ring=ring) for ring in (Ring, FlintRing)]
    for _ in range(8):
        term = fields(draws)
        left, right = (model.scalar(term) for model in models)
        assert same(left, right)
        assert is_zero(left - left.ring.number(1)) == is_zero(right - right.ring.number(1))


@pytest.mark.parametrize("number", range(len(LAWS)))
def test_the_same_verdict_on_true_and_false_equations(number):
    setting = LAWS[number]
    statements = [
        Eq(s, (alpha * m - x) / sigma**2), Eq(s, (alpha * m + x) / sigma**2), Eq(lap(p), 2 * lap(p)),
        Eq(jac(s), (alpha**2 * Cov(X0 | x) / sigma**2 - I) / sigma**2), Eq(div(x * p), div(p * x)),
        Eq(E(normsq(x)), E(normsq(m))), Eq(H(Xt), H(Xt) * g),
    ]  # fmt: skip
    for statement in statements:
        said = []
        for ring in (Ring, FlintRing):
            model = Model.of(setting, ring=ring)
            try:
                check_steps(model, statement, setting, (Step("zero", {}),))
                said.append("proved")
            except KernelError as error:
                said.append(str(error))
        assert said[0] == said[1]


def test_the_kernel_knows_one_back_end():
    assert Ring.times is Generators.times
    assert type(Model.of(LAWS[0]).ring) is Ring
