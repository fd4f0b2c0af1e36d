"""The matrix-word kernel: Gaussian laws of every dimension, proved, refuted and compared with numbers."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from math import factorial

import numpy as np
import pytest

from theory.kernel.errors import KernelError
from theory.kernel.witness import intervals
from theory.kernel.witness.germs import power
from theory.kernel.words.algebra import Algebra
from theory.kernel.words.certificate import check
from theory.kernel.words.elements import Element
from theory.kernel.words.evaluator import Evaluator
from theory.kernel.words.lower import Lowering
from theory.kernel.words.members import Member
from theory.language.instances import GAUSSIAN, LINEAR, MATRIX, VE, VP, Setting
from theory.language.notation import *
from theory.language.statements import Eq, Ge, Le, Lt, chain
from theory.language.terms import as_term
from theory.search.matrices import settle_matrices
from theory.search.outcome import PROVED, REFUTED, UNDECIDED, UNSUPPORTED

ANY_MATRIX = Setting(GAUSSIAN, MATRIX)
c, b = symbol("c"), symbol("b")
mu, C, mu0, S = E(x), Cov(Xt), E(X0), Cov(X0)
V = alpha**2 * S + sigma**2 * I
u, KL = grad(log(p / q)), E(log(p / q))


def hess(term):
    return jac(grad(term))


MATRIX_FACTS = {
    "Fokker-Planck": Eq(dt(p), -div(p * f) + tr(dot(G, hess(p))) / 2),
    "Fokker-Planck of log p": Eq(
        dt(log(p)), -div(f) - dot(f, s) + tr(dot(G, hess(log(p)))) / 2 + dot(s, dot(G, s)) / 2
    ),
    "Fokker-Planck of q": Eq(dt(q), -div(q * f) + tr(dot(G, hess(q))) / 2),
    "Lyapunov": Eq(dt(C), dot(A, C) + dot(C, transpose(A)) + G),
    "Lyapunov twice": Eq(
        dt(dt(C)),
        dot(dt(A), C) + dot(C, transpose(dt(A))) + dot(A, dt(C)) + dot(dt(C), transpose(A)) + dt(G),
    ),
    "mean": Eq(dt(mu), dot(A, mu)),
    "entropy": Eq(H(Xt), D / 2 * log(2 * pi) + D / 2 + logdet(C) / 2),
    "entropy rate": Eq(d(H(Xt)), tr(A) + tr(dot(G, inv(C))) / 2),
    "Jacobi": Eq(dt(logdet(C)), tr(dot(inv(C), dt(C)))),
    "KL rate": Eq(d(KL), -E(dot(u, dot(G, u))) / 2),
    "score": Eq(s, -dot(inv(C), x - mu)),
    "score Jacobian": Eq(jac(s), -inv(C)),
    "Fisher information": Eq(E(normsq(s)), tr(inv(C))),
    "Var log p": Eq(Var(log(p)), D / 2),
    "derivative of the inverse": Eq(dt(inv(C)), -dot(dot(inv(C), dt(C)), inv(C))),
    "Stein": Eq(E(outer(x - mu, s)), -I),
    "Woodbury": Eq(inv(C) - inv(C + G), dot(dot(inv(C), G), inv(C + G))),
    "fourth moment": Eq(E(normsq(x - mu) ** 2), tr(C) ** 2 + 2 * tr(dot(C, C))),
    "at the mean": Eq(at(log(p), x=mu), -D / 2 * log(2 * pi) - logdet(C) / 2),
}
LINEAR_FACTS = {
    "Fokker-Planck": Eq(dt(p), -div(p * f) + g**2 / 2 * lap(p)),
    "second-order Tweedie": Eq(jac(s), (alpha**2 * Cov(X0 | x) / sigma**2 - I) / sigma**2),
    "posterior covariance": Eq(Cov(X0 | x), S - alpha**2 * dot(dot(S, inv(V)), S)),
    "posterior precision": Eq(inv(Cov(X0 | x)), inv(S) + snr * I),
    "posterior mean": Eq(m, mu0 + alpha * dot(dot(S, inv(V)), x - alpha * mu0)),
    "covariance of X_t": Eq(Cov(Xt), V),
    "score": Eq(s, -dot(inv(V), x - alpha * mu0)),
    "Fisher information": Eq(E(normsq(s)), tr(inv(V))),
    "entropy": Eq(H(Xt), D / 2 * log(2 * pi) + D / 2 + logdet(V) / 2),
    "entropy of X0 given X_t": Eq(H(X0 | Xt), D / 2 * log(2 * pi) + D / 2 + logdet(Cov(X0 | x)) / 2),
    "information": Eq(Information, logdet(I + snr * S) / 2),
    "information again": Eq(H(X0) - H(X0 | Xt), logdet(V) / 2 - D * log(sigma)),
    "normalised log det": Eq(logdet(I + snr * S), logdet(V) - 2 * D * log(sigma)),
    "mmse": Eq(mmse, tr(S - alpha**2 * dot(dot(S, inv(V)), S))),
    "information rate": Eq(d(Information), -(g**2) / 2 * (D / sigma**2 - tr(inv(V)))),
    "bandwidth": Eq(d(H(X0 | Xt)), g**2 / 2 * (D / sigma**2 - tr(inv(V)))),
    "I-MMSE": Eq(d(Information, "snr"), mmse / 2),
    "in the clock sigma^2": Eq(
        d(H(X0 | Xt), "sigma^2"), g**2 / 2 * (D / sigma**2 - tr(inv(V))) / (2 * a * sigma**2 + g**2)
    ),
    "Var log p": Eq(Var(log(p)), D / 2),
    "KL rate": Eq(d(KL), -(g**2) / 2 * E(normsq(u))),
    "q/p under the reverse SDE": martingale(q / p, REVERSE),
    "drift of the posterior covariance": Eq(
        drift(tr(Cov(X0 | x)), REVERSE), -(g**2) * alpha**2 / sigma**4 * frobsq(Cov(X0 | x))
    ),
    "Woodbury": Eq(inv(S) - inv(S + sigma**2 * I) - sigma**2 * dot(inv(S), inv(S + sigma**2 * I)), 0),
    "commuting inverses": Eq(dot(inv(V), inv(I + S)), dot(inv(I + S), inv(V))),
}
PROCESSES = {"linear": LINEAR, "ve": VE, "vp": VP}
CASES = [("matrix", ANY_MATRIX, name, fact) for name, fact in MATRIX_FACTS.items()] + [
    (process, Setting(GAUSSIAN, which), name, fact)
    for process, which in PROCESSES.items()
    for name, fact in LINEAR_FACTS.items()
]


@pytest.mark.parametrize(("setting", "fact"), [case[1::2] for case in CASES], ids=[f"{c[0]}-{c[2]}" for c in CASES])
def test_facts_are_proved_for_every_dimension(setting, fact):
    outcome = settle_matrices(fact, setting)
    assert (outcome.status, outcome.detail) == (PROVED, "equal as sums of words")
    assert "every dimension D" in outcome.scope
    assert check(outcome.certificate).statement == fact


def test_the_score_of_two_steps_of_resolvents_needs_no_division_by_what_may_vanish():
    setting = Setting(GAUSSIAN, LINEAR, positive=(c, b))
    first, second = inv(S + c * I), inv(S + b * I)
    assert settle_matrices(Eq(first - second, (b - c) * dot(first, second)), setting).status == PROVED
    assert settle_matrices(Eq(first - second, (c - b) * dot(first, second)), setting).status == REFUTED
    assert settle_matrices(Eq(logdet(S + c * I) - logdet(S), logdet(I + c * inv(S))), setting).status == PROVED


MUTANTS = {
    "Lyapunov without transpose": (ANY_MATRIX, Eq(dt(C), dot(A, C) + dot(C, A) + G)),
    "Lyapunov, G/2": (ANY_MATRIX, Eq(dt(C), dot(A, C) + dot(C, transpose(A)) + G / 2)),
    "another covariance": (ANY_MATRIX, Eq(jac(grad(log(q))), -inv(C))),
    "P for C": (Setting(GAUSSIAN, LINEAR), Eq(Cov(X0 | x), S - alpha**2 * dot(dot(S, inv(S + sigma**2 * I)), S))),
    "alpha for alpha^2": (Setting(GAUSSIAN, LINEAR), Eq(Cov(X0 | x), S - alpha * dot(dot(S, inv(V)), S))),
    "alpha for alpha^2 in Tweedie": (
        Setting(GAUSSIAN, VP),
        Eq(jac(s), (alpha * Cov(X0 | x) / sigma**2 - I) / sigma**2),
    ),
    "no half": (ANY_MATRIX, Eq(d(H(Xt)), tr(A) + tr(dot(G, inv(C))))),
    "transposed": (ANY_MATRIX, Eq(s, -dot(inv(C), dot(A, x - mu)))),
    "KL without half": (ANY_MATRIX, Eq(d(KL), -E(dot(u, dot(G, u))))),
    "log det for trace": (Setting(GAUSSIAN, VE), Eq(Information, tr(S) / 2)),
    "1 for D": (ANY_MATRIX, Eq(Var(log(p)), as_term(1) / 2)),
    "order of the factors": (ANY_MATRIX, Eq(dot(C, G), dot(G, C))),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_are_refused_and_refuted_by_exact_matrices(name):
    setting, fact = MUTANTS[name]
    outcome = settle_matrices(fact, setting)
    assert outcome.status == REFUTED
    assert outcome.witness["D"] in ("2", "3")
    assert {"left side", "right side", "difference"} <= set(outcome.witness)


def test_inequalities():
    linear = Setting(GAUSSIAN, LINEAR)
    rate = g**2 * alpha**2 / 2 / sigma**2 * tr(dot(S, inv(V)))
    for fact, setting, square in (
        (Ge(E(normsq(s)), 0), ANY_MATRIX, None),
        (Ge(tr(inv(C)), 0), ANY_MATRIX, None),
        (Le(d(KL), 0), ANY_MATRIX, E(dot(u, dot(G, u))) / 2),
        (Ge(d(H(X0 | Xt)), 0), linear, rate),
        (Ge(Information, 0), linear, logdet(I + snr * S) / 2),
        (Le(mmse, tr(S)), linear, alpha**2 * tr(dot(dot(S, inv(V)), S))),
    ):
        outcome = settle_matrices(fact, setting, square=square)
        assert outcome.status == PROVED, (fact, outcome.detail)
    assert settle_matrices(Ge(d(Information), 0), linear).status == REFUTED
    assert settle_matrices(Le(E(normsq(s)), 0), ANY_MATRIX).status == REFUTED
    assert settle_matrices(Ge(d(H(X0 | Xt)), 0), linear).status == UNDECIDED  # true, but no square is given
    assert settle_matrices(Lt(d(KL), 0), ANY_MATRIX).status == UNSUPPORTED


def test_chains_name_the_false_link():
    third = E(div(f)) + E(dot(s, dot(G, s))) / 2
    good = chain(d(H(Xt)), ("=", tr(A) + tr(dot(G, inv(C))) / 2), ("=", third))
    assert settle_matrices(good, ANY_MATRIX).status == PROVED
    bad = chain(d(H(Xt)), ("=", tr(A) + tr(dot(G, inv(C))) / 2), ("=", 2 * third))
    assert settle_matrices(bad, ANY_MATRIX).detail == "link 2: refuted by an exact witness"


def test_hypotheses_are_named():
    def names(fact, setting, status):
        found = settle_matrices(fact, setting).hypotheses
        return {(h.name, h.text) for h in found if h.status == status}

    linear = Setting(GAUSSIAN, LINEAR)
    assumed = names(LINEAR_FACTS["entropy of X0 given X_t"], linear, "assumed")
    assert assumed == {("non-singular covariance", "the covariance of X0 is non-singular")}
    assert names(LINEAR_FACTS["mmse"], linear, "assumed") == set()
    clock = names(LINEAR_FACTS["in the clock sigma^2"], linear, "assumed")
    assert any(name == "non-zero denominator" for name, _ in clock)
    assert "smooth coefficients" in {name for name, _ in names(MATRIX_FACTS["KL rate"], ANY_MATRIX, "assumed")}


# -- numbers: the element and the term, each in its own way --------------------------------------------------------
class Values:
    """The number of a lowered element at a member, by plain matrix arithmetic in Fractions."""

    def __init__(self, member):
        self.member, self.range, self.words = member, range(member.size), {}
        self.evaluator = Evaluator(member)
        self.eye = [[Fraction(i == j) for j in self.range] for i in self.range]

    def letter(self, letter):
        name, data, flipped = letter
        if name in "AG":
            rows = [[v * factorial(data) for v in row] for row in self.member._rows[name][data]]
        elif name == "inv":
            rows = inverse(self.matrix(Element(dict(data))))
        else:
            rows = self.member.covs["muq" if name.endswith("q") else "mu"]
        return [list(r) for r in zip(*rows, strict=True)] if flipped else rows

    def word(self, word):
        if word not in self.words:
            self.words[word] = times(self.word(word[:-1]), self.letter(word[-1])) if word else self.eye
        return self.words[word]

    def matrix(self, element):
        return [[self.value(element, (i, j)) for j in self.range] for i in self.range]

    def end(self, end, place):
        name, number = end
        if name == "i":
            return self.eye[place[number - 1]]
        member = self.member
        return {"x": member.x, "X": member.end}.get(name) or member.means[name]

    def scalar(self, tag):
        name, member = tag[0], self.member
        if name in ("a", "g2"):
            return (member.a if name == "a" else member.g2)[tag[1]] * factorial(tag[1])
        if name == "log":
            base = ("sym", tag[1][4:]) if tag[1].startswith("sym ") else (tag[1],)
            return intervals.log(self.scalar(base))
        if name == "inv":
            return 1 / self.value(Element(dict(tag[1])), ())
        if name in ("p", "q", "k", "p0"):
            log_density = self.evaluator.log_density("kern" if name == "k" else name, 0)
            return intervals.exp(self.evaluator._number(log_density))
        found = {
            "alpha": lambda: member.alpha0, "sigma": lambda: member.sigma, "g": lambda: member.g,
            "D": lambda: Fraction(member.size), "pi": intervals.pi, "sym": lambda: member.symbol(tag[1]),
            "logint": lambda: intervals.log(tag[1]),
            "logdet": lambda: intervals.log(determinant(self.matrix(Element(dict(tag[1]))))),
        }  # fmt: skip
        return found[name]()

    def value(self, element, place):
        total = Fraction(0)
        for (scalars, paths), coefficient in element.terms.items():
            value = coefficient
            for tag, exponent in scalars:
                value = value * power(self.scalar(tag), exponent)
            for start, word, stop in paths:
                rows = self.word(word)
                if start[0] == "tr":
                    value = value * sum(rows[i][i] for i in self.range)
                else:
                    left, right = self.end(start, place), self.end(stop, place)
                    value = value * sum(left[i] * rows[i][j] * right[j] for i in self.range for j in self.range)
            total = total + value
        return total


def times(left, right):
    return [
        [sum(u * v for u, v in zip(row, column, strict=True)) for column in zip(*right, strict=True)] for row in left
    ]


def determinant(rows):
    if len(rows) == 1:
        return rows[0][0]
    return sum(
        (-1) ** j * rows[0][j] * determinant([[v for n, v in enumerate(r) if n != j] for r in rows[1:]])
        for j in range(len(rows))
    )


def inverse(rows):
    """Gauss and Jordan."""
    size = len(rows)
    rows = [[*row, *(Fraction(i == j) for j in range(size))] for i, row in enumerate(rows)]
    for n in range(size):
        pivot = next(i for i in range(n, size) if rows[i][n])
        rows[n], rows[pivot] = rows[pivot], rows[n]
        rows[n] = [v / rows[n][n] for v in rows[n]]
        rows = [r if i == n else [v - r[n] * w for v, w in zip(r, rows[n], strict=True)] for i, r in enumerate(rows)]
    return [row[size:] for row in rows]


def compare(term, process, size, seed):
    """The element of ``term`` and the term itself have one value at a member."""
    member = Member(process, size, seed, frozenset({"c"}))
    element = Lowering(Algebra(process, frozenset({"c"}))).element(term, tuple(range(1, term.rank + 1)))
    by_definition, by_words = Evaluator(member).value(term), Values(member)
    for place in product(range(size), repeat=term.rank):
        expected = by_definition
        for i in place:
            expected = expected[i]
        gap = intervals.as_interval(by_words.value(element, place)) - expected
        assert 0 in gap, term
        assert gap.width < Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("process", "size", "seed"), [("matrix", 2, 0), ("matrix", 3, 1), ("linear", 3, 0), ("vp", 2, 1)]
)
def test_each_side_of_each_fact_has_the_value_of_its_definition(process, size, seed):
    for fact in (MATRIX_FACTS if process == "matrix" else LINEAR_FACTS).values():
        compare(fact.lhs, process, size, seed)
        compare(fact.rhs, process, size, seed)


class Draw:
    """Random terms: scalars, vectors and matrices that the kernel reads."""

    def __init__(self, seed, linear):
        self.random, self.linear = random.Random(seed), linear

    def pick(self, *builders):
        return self.random.choice(builders)()

    def scalar(self, depth, inside=False):
        leaves = [as_term(Fraction(self.random.randint(-3, 3), 2)), D, log(p), log(q), c, log(c)]
        leaves += [alpha, sigma, a, g, log(sigma), log(k), log(p0)] if self.linear else []
        leaves += [] if inside else [p, q / p]
        if not depth or self.random.random() < 0.1:
            return self.random.choice(leaves)
        n = depth - 1
        return self.pick(
            lambda: self.scalar(n, inside) + self.scalar(n, inside),
            lambda: self.scalar(n, inside) * self.scalar(n, inside),
            lambda: dot(self.vector(n, inside), self.vector(n, inside)),
            lambda: tr(self.matrix(n, inside)),
            lambda: logdet(self.definite(n)),
            lambda: dt(self.scalar(n, inside)),
            lambda: div(self.vector(n, inside)),
            lambda: lap(self.scalar(n, inside)),
            lambda: E(self.scalar(n, True)),
            lambda: at(self.scalar(n, True), x=E(x)),
        )

    def vector(self, depth, inside):
        leaves = [x, f, E(x), *([X0, E(X0), m] if self.linear else [])]
        if not depth:
            return self.random.choice(leaves)
        n = depth - 1
        return self.pick(
            lambda: self.scalar(n, inside) * self.vector(n, inside),
            lambda: dot(self.matrix(n, inside), self.vector(n, inside)),
            lambda: grad(self.scalar(n, inside)),
            lambda: dt(self.vector(n, inside)) + self.random.choice(leaves),
        )

    def definite(self, depth):
        leaves = [Cov(Xt), I, c * I, Cov(Xt) + c * I]
        leaves += [S, V, I + snr * S, Cov(X0 | x)] if self.linear else [G + I, C + G, jac(grad(-log(q)))]
        if not depth:
            return self.random.choice(leaves)
        return self.pick(lambda: self.definite(depth - 1) + self.definite(0), lambda: inv(self.definite(depth - 1)))

    def matrix(self, depth, inside):
        if not depth:
            return self.pick(lambda: self.definite(0)) if self.linear else self.random.choice([A, G, transpose(A)])
        n = depth - 1
        return self.pick(
            lambda: self.matrix(n, inside) + self.matrix(n, inside),
            lambda: dot(self.matrix(n, inside), self.matrix(n, inside)),
            lambda: outer(self.vector(n, inside), self.vector(n, inside)),
            lambda: jac(self.vector(n, inside)),
            lambda: dt(self.matrix(n, inside)),
            lambda: self.definite(n),
            lambda: E(self.matrix(n, True)),
        )


@pytest.mark.parametrize("process", ["matrix", "linear", "ve", "vp"])
def test_random_terms_have_the_value_of_their_definition(process):
    draw, compared = Draw(7, process != "matrix"), 0
    for n in range(40):
        term = draw.pick(lambda: draw.scalar(2), lambda: draw.vector(2, False), lambda: draw.matrix(2, False))
        try:
            compare(term, process, 2 + n % 2, n % 3)
        except KernelError:
            continue  # outside the kernel, such as the inverse of a sum that is not definite by its form
        compared += 1
    assert compared >= 35


def test_the_evaluator_agrees_with_numpy():
    """Averages by Gauss-Hermite quadrature, the mean and covariance by small Runge-Kutta steps."""
    member = Member("matrix", 2, 1, frozenset())
    drift, noise = (np.array(member._rows[name][0], dtype=float) for name in ("A", "G"))
    centre, cov = np.array(member.means["mu"], dtype=float), np.array(member.covs["mu"], dtype=float)
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    weights = weights / weights.sum()
    points = [centre + np.linalg.cholesky(cov) @ z for z in product(nodes, nodes)]
    mass = [v * w for v, w in product(weights, weights)]
    precision = np.linalg.inv(cov)
    height = np.log(np.linalg.det(2 * np.pi * cov)) / 2
    log_p = [-(y - centre) @ precision @ (y - centre) / 2 - height for y in points]
    value = Evaluator(member).value
    assert float(value(E(log(p) ** 2)).lo) == pytest.approx(np.dot(mass, np.square(log_p)), rel=1e-9)
    assert float(value(d(E(normsq(x))))) == pytest.approx(
        2 * centre @ drift @ centre + 2 * np.trace(drift @ cov) + np.trace(noise), rel=1e-12
    )
    kernel = Member("linear", 2, 0, frozenset())
    prior = np.array(kernel.covs["mu"], dtype=float)
    ends = [np.array(kernel.means["mu"], dtype=float) + np.linalg.cholesky(prior) @ z for z in product(nodes, nodes)]
    place, level, noise_level = np.array(kernel.x, dtype=float), float(kernel.alpha0), float(kernel.sigma)
    nodes_many = [np.exp(-np.sum((place - level * e) ** 2) / 2 / noise_level**2) for e in ends]
    rough = sum(w * v * e for w, v, e in zip(mass, nodes_many, ends, strict=True)) / np.dot(mass, nodes_many)
    exact = [float(v) for v in Evaluator(kernel).value(m)]
    gain = level * prior @ np.linalg.inv(level**2 * prior + noise_level**2 * np.eye(2))
    start = np.array(kernel.means["mu"], dtype=float)
    assert exact == pytest.approx(list(start + gain @ (place - level * start)), rel=1e-12)
    assert exact == pytest.approx(list(rough), abs=0.3)
