"""The index kernel and the component kernel read the same random claims; wherever both apply they must agree.

The index kernel knows posterior averages by their derivation rules only, for every D and K. Here its result is written
out at a law of K atoms in D dimensions, by responsibilities of this file's own, and compared exactly with what the
component kernel gets by differentiating the density itself. Claims are true by construction (a term against the same
term rewritten by Tweedie, product rules, Bayes, the definition of a drift), or perturbed.
"""

import random
from collections import Counter
from fractions import Fraction as F
from functools import cache
from itertools import product

import pytest

from theory.kernel.component.model import Case, Model
from theory.kernel.component.tensors import flat
from theory.kernel.component.zero import is_zero
from theory.kernel.index.lower import lowering_for
from theory.kernel.index.monomials import indices_of
from theory.kernel.index.zero import vanishes
from theory.language.instances import ANY, LINEAR, VE, VP, Setting, deltas
from theory.language.notation import (
    FLOW,
    FORWARD,
    REVERSE,
    REVERSE_GIVEN_END,
    X0,
    Cov,
    D,
    I,
    P,
    a,
    alpha,
    div,
    dot,
    drift,
    dt,
    f,
    g,
    grad,
    jac,
    k,
    lap,
    log,
    m,
    noise,
    normsq,
    outer,
    p,
    p0,
    post,
    s,
    s_c,
    sigma,
    symbol,
    tr,
    x,
)
from theory.language.statements import Eq, Rel
from theory.language.terms import as_term
from theory.search.outcome import BY_DEFINITION
from theory.search.settle import settle

PLACES = ((F(-1), F(1, 2), F(2)), (F(3, 2), F(-1), F(1, 3)), (F(1, 4), F(2), F(-2)))
WEIGHTS = ((F(1),), (F(1, 3), F(2, 3)), (F(1, 2), F(1, 3), F(1, 6)))
SIZES = [(d, n) for n in (1, 2, 3) for d in (1, 2, 3) if (d, n) != (3, 3)]


@cache
def model(size, process):
    dimension, atoms = size
    places = [place[:dimension] for place in PLACES[:atoms]]
    return Model.of(Setting(deltas(*zip(places, WEIGHTS[atoms - 1], strict=True)), process))


@cache
def symbolic_model(process):
    u, v, w = symbol("u"), symbol("v"), symbol("w")
    return Model.of(Setting(deltas(((u, 0), w), ((v, 1), 1 - w)), process, positive=(w,)))


# -- the index kernel's elements, written out ------------------------------------------------------------------------
class WrittenOut:
    """Elements of the index kernel at a law of atoms: brackets become sums over responsibilities."""

    def __init__(self, model):
        self.model, self.ring = model, model.ring
        ring, half = model.ring, F(-1, 2)
        alpha_, level = ring.alpha(), ring.power(ring.sigma(), -2)
        self.likelihoods = []
        for place in model.means:
            square = ring.number(0)
            for u, v in zip(model.x, place, strict=True):
                square = square + (u - alpha_ * v) * (u - alpha_ * v)
            self.likelihoods.append(ring.exp((square * level).scaled(half)))
        joint = [w * e for w, e in zip(model.weights, self.likelihoods, strict=True)]
        whole = joint[0]
        for part in joint[1:]:
            whole = whole + part
        self.responsibilities = [part * ring.power(whole, -1) for part in joint]
        two_pi = ring.pi().scaled(F(2))
        self.unit = ring.power(two_pi, F(-model.D, 2)) * ring.power(ring.sigma(), -model.D)
        self.p = whole * self.unit
        self._posts = {}

    def element(self, element, values=(), end=None):
        total = self.ring.number(0)
        named = dict(enumerate(values, 1))
        for monomial, coefficient in element.terms.items():
            total = total + self.monomial(monomial, named, end).scaled(coefficient)
        return total

    def monomial(self, monomial, named, end):
        scalars, factors = monomial
        total = self.ring.number(0)
        summed = sorted({i for i in indices_of(factors) if i not in named})
        for choice in product(range(self.model.D), repeat=len(summed)):
            values = named | dict(zip(summed, choice, strict=True))
            part = self.ring.number(1)
            for factor in factors:
                part = part * self.factor(factor, values, end)
                if not part.terms:
                    break
            total = total + part
        for tag, exponent in scalars:
            total = total * self.scalar(tag, exponent, end)
        return total

    def factor(self, factor, values, end):
        kind, data, slots = factor
        if kind == "x":
            return self.model.x[values[slots[0]]]
        if kind == "X":
            return self.model.means[end][values[slots[0]]]
        if kind == "delta":
            return self.ring.number(int(values[slots[0]] == values[slots[1]]))
        assert kind == "post", kind
        inside = {i: values[i] for i in indices_of(data[1]) if i in values}
        key = (data, tuple(sorted(inside.items())))
        if key not in self._posts:
            total = self.ring.number(0)
            for atom, r in enumerate(self.responsibilities):
                total = total + r * self.monomial(data, inside, atom)
            self._posts[key] = total
        return self._posts[key]

    def scalar(self, tag, exponent, end):
        ring, name = self.ring, tag[0]
        known = {
            "alpha": ring.alpha, "sigma": ring.sigma, "pi": ring.pi, "D": lambda: ring.number(self.model.D),
            "g": lambda: ring.power(ring.noise_jet(), F(1, 2)), "p": lambda: self.p, "lp": lambda: ring.log(self.p),
            "lk": lambda: ring.log(self.likelihoods[end] * self.unit), "lp0": lambda: ring.log(self.model.weights[end]),
        }  # fmt: skip
        if name in ("a", "g2"):
            value = (ring.drift_jet if name == "a" else ring.noise_jet)(tag[1])
        else:
            value = known[name]()
        return ring.power(value, exponent)


@cache
def written_out(size, process):
    return WrittenOut(model(size, process))


# -- random terms ------------------------------------------------------------------------------------------------------
ALONG = (FORWARD, REVERSE, FLOW)


def coefficient(draws):
    return (
        F(draws.randint(1, 7), draws.randint(1, 4)) * draws.choice((1, -1)) * draws.choice((1, alpha, sigma, a, g**2))
    )


def vector(draws, depth):
    simple = (x, s, m, x - m, post(X0 * normsq(X0)), post(X0 * dot(X0, x)))
    if depth <= 0 or draws.random() < 0.4:
        return draws.choice(simple)
    kind = draws.randrange(4)
    if kind == 0:
        return grad(scalar(draws, depth - 1))
    if kind == 1:
        return scalar(draws, 0) * vector(draws, depth - 1)
    if kind == 2:
        return dot(draws.choice((jac(s), Cov(X0 | x), jac(m), outer(m, x))), draws.choice(simple))
    return vector(draws, depth - 1) + coefficient(draws) * draws.choice(simple)


def scalar(draws, depth):
    simple = (
        normsq(s), normsq(m), dot(x, s), dot(m, s), div(s), div(m), tr(Cov(X0 | x)), normsq(x), log(p),
        post(normsq(X0)), post(dot(X0, x) ** 2), post(normsq(X0 - m)), lap(log(p)),
    )  # fmt: skip
    if depth <= 0 or draws.random() < 0.3:
        return draws.choice(simple)
    kind = draws.randrange(5)
    if kind == 0:
        return scalar(draws, depth - 1) + coefficient(draws) * scalar(draws, 0)
    if kind == 1:
        return scalar(draws, depth - 1) * scalar(draws, 0)
    if kind == 2:
        return dot(vector(draws, depth - 1), vector(draws, 0))
    if kind == 3:
        return div(vector(draws, depth - 1))
    return drift(draws.choice(simple), draws.choice(ALONG))


# -- true by construction ----------------------------------------------------------------------------------------------
def spread(u, along):
    """The drift of u by its definition, in generative time for the reverse process."""
    if along == FORWARD:
        return dt(u) + dot(f, grad(u)) + g**2 / 2 * lap(u)
    if along == FLOW:
        return dt(u) + dot(f - g**2 / 2 * s, grad(u))
    return -dt(u) - dot(f - g**2 * s, grad(u)) + g**2 / 2 * lap(u)


def rewritten(draws):
    """A pair of equal fields."""
    u, v, c = scalar(draws, 1), scalar(draws, 0), coefficient(draws)
    field, along = vector(draws, 1), draws.choice(ALONG)
    covariance, tweedie = Cov(X0 | x), (alpha * m - x) / sigma**2
    pairs = (
        (dot(field, s) + c * u, c * u + dot(field, tweedie)),
        (div(s) * u, u * (alpha**2 * tr(covariance) / sigma**2 - D) / sigma**2),
        (dot(jac(s), field), dot((alpha**2 * covariance / sigma**2 - I) / sigma**2, field)),
        (grad(u * v), u * grad(v) + v * grad(u)),
        (div(u * field), u * div(field) + dot(grad(u), field)),
        (drift(u, along), spread(u, along)),
        (drift(v * v, FORWARD), 2 * v * drift(v, FORWARD) + g**2 * normsq(grad(v))),
        (drift(c * v, REVERSE), c * drift(v, REVERSE) - dt(as_term(c)) * v),
        (drift(v**2, FLOW), 2 * v * drift(v, FLOW)),
        (post(v * normsq(X0)), v * post(normsq(X0))),
        (dot(covariance, field), post(X0 * dot(X0, field)) - m * dot(m, field)),
        (lap(p) * u, p * (div(s) + normsq(s)) * u),
        (dt(p) * u, u * (-div(f * p) + g**2 / 2 * lap(p))),
        (u * dt(log(p)), u * post(dt(log(k)))),
        (post(s_c * u), u * s),
        (jac(m), alpha * covariance / sigma**2),
        (normsq(noise(v, FORWARD)), g**2 * normsq(grad(v))),
        (drift(post(normsq(X0)) + c * m_dot_m(), REVERSE), drift(c * m_dot_m(), REVERSE)),
        (u * log(P(X0 | x)), u * (log(p0) + log(k) - log(p))),
        (drift(-log(P(X0 | x)), REVERSE_GIVEN_END), -(g**2) / 2 * normsq(grad(log(P(X0 | x))))),
    )  # fmt: skip
    return draws.choice(pairs)


def m_dot_m():
    return normsq(m)


def perturbed(left, right, draws):
    """The right side, a little off."""
    extra = {0: scalar, 1: vector}.get(left.rank)
    kind = draws.randrange(3) if extra else 0
    if kind == 0:
        return F(draws.choice((-1, 2, 3)), draws.choice((1, 4))) * right
    if kind == 1:
        return right + coefficient(draws) * extra(draws, 0)
    return draws.choice((alpha, sigma, D)) * right


def claims(seed, count):
    draws = random.Random(seed)
    for _ in range(count):
        left, right = rewritten(draws)
        true = draws.random() < 0.5
        yield (left, right, True) if true else (left, perturbed(left, right, draws), False)


# -- both kernels ------------------------------------------------------------------------------------------------------
def accepted_by_index(left, right, process):
    lowering = lowering_for(Setting(ANY, process))
    names = tuple(range(1, left.rank + 1))
    return vanishes(lowering.element(left, names) - lowering.element(right, names), lowering.channel)


def accepted_at(left, right, chosen):
    gap = left - right
    return all(is_zero(e) for case in chosen.cases(gap.free) for e in flat(chosen.lower(gap, case)))


SEEDS, EACH = 12, 30
TALLY = Counter()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_verdicts_agree(seed):
    process = (LINEAR, LINEAR, VE, VP)[seed % 4]
    draws = random.Random(1000 + seed)
    for left, right, true in claims(seed, EACH):
        general = accepted_by_index(left, right, process)
        sizes = draws.sample(SIZES[:5], 2) if general and true else SIZES
        at = {}
        for size in sizes:
            at[size] = accepted_at(left, right, model(size, process))
            if not at[size]:
                break
        everywhere = all(at.values())
        if true:
            assert general, (left, right)
        if general:
            assert everywhere, (left, right, at)
        TALLY["true" if true else "perturbed"] += 1
        TALLY["accepted by both"] += general
        TALLY["refused by both"] += not general and not everywhere
        TALLY["holds at every size tried, not in general"] += not general and everywhere


@pytest.mark.parametrize("seed", range(40))
def test_elements_agree(seed):
    """The index kernel's brackets, written out, are what the component kernel finds by differentiating."""
    draws = random.Random(5000 + seed)
    process = draws.choice((LINEAR, VE, VP))
    size = draws.choice([(1, 2), (1, 3), (2, 2), (2, 1), (3, 1)])
    lowering = lowering_for(Setting(ANY, process))
    for _ in range(4):
        term = vector(draws, 1) if draws.random() < 0.3 else scalar(draws, 2 if draws.random() < 0.3 else 1)
        chosen, out = model(size, process), written_out(size, process)
        element = lowering.element(term, tuple(range(1, term.rank + 1)))
        places = list(product(range(chosen.D), repeat=term.rank))
        for place, direct in zip(places, flat(chosen.lower(term)), strict=True):
            assert is_zero(direct - out.element(element, place)), (term, size)
            assert not is_zero(direct - out.element(element, place) - chosen.p)
        TALLY["elements"] += len(places)


def test_symbolic_places():
    """Places and weights that are symbols, in the plane."""
    chosen = symbolic_model(LINEAR)
    out, lowering = WrittenOut(chosen), lowering_for(Setting(ANY, LINEAR))
    for term in (normsq(s), div(m), drift(normsq(m), REVERSE), drift(dot(x, s), FLOW), tr(Cov(X0 | x)), dt(log(p))):
        assert is_zero(chosen.scalar(term) - out.element(lowering.element(term)))


def test_a_free_end_point():
    lowering, chosen = lowering_for(Setting(ANY, LINEAR)), model((2, 3), LINEAR)
    out = written_out((2, 3), LINEAR)
    for term in (
        drift(log(P(X0 | x)), REVERSE),
        log(P(X0 | x)),
        dot(X0 - m, s_c),
        normsq(noise(log(p0) - log(p), FLOW)),
    ):
        element = lowering.element(term)
        for atom in range(3):
            case = Case(atom) if "X0" in term.free else Case()
            assert is_zero(chosen.scalar(term, case) - out.element(element, (), atom))


def test_true_at_small_sizes_and_false_in_general():
    """The reverse drift of tr Cov: nothing is wrong at K <= 2, or in one dimension; D = 2, K = 3 refuses."""
    claim = Rel("=", drift(tr(Cov(X0 | x)), REVERSE), -(g**2) * alpha**2 / sigma**4 * tr(Cov(X0 | x)) ** 2)
    assert not accepted_by_index(claim.lhs, claim.rhs, LINEAR)
    for size in SIZES:
        expected = size[0] == 1 or size[1] <= 2
        assert accepted_at(claim.lhs, claim.rhs, model(size, LINEAR)) == expected


def test_the_door_says_the_same():
    """Through the search and its certificates, for the general statement and for the law."""
    law, counts = model((2, 2), LINEAR).law, Counter()
    for left, right, true in claims(99, 16):
        if left.free - {"x"}:
            continue
        statement = Eq(left, right)
        general = settle(statement, Setting(ANY, LINEAR), thorough=False).status
        concrete = settle(statement, Setting(law, LINEAR)).status
        counts[general] += 1
        assert {general, concrete} not in ({"proved", "refuted"}, {BY_DEFINITION, "refuted"})
        if true:
            assert general in ("proved", BY_DEFINITION)
        if general in ("proved", BY_DEFINITION):
            assert concrete in ("proved", BY_DEFINITION)
    assert counts["proved"] >= 4
    assert counts["refuted"] >= 3


def test_the_tally(record_property):
    """Enough claims of every kind met both kernels; the counts go into the report."""
    for name, count in TALLY.items():
        record_property(name, count)
    if TALLY["true"] + TALLY["perturbed"] < SEEDS * EACH:
        return  # run in pieces
    print(dict(TALLY))
    assert SEEDS * EACH >= 300
    assert TALLY["refused by both"] > 100
    assert TALLY["accepted by both"] >= TALLY["true"]
