"""Random changes of terms and statements, one node at a time or one name throughout. Untrusted: the oracle judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from random import Random

from theory.language.notation import (
    FLOW,
    FORWARD,
    REVERSE,
    REVERSE_GIVEN_END,
    X0,
    Cov,
    D,
    E,
    H,
    I,
    P,
    Xt,
    Z,
    a,
    alpha,
    div,
    dot,
    f,
    frobsq,
    g,
    h,
    jac,
    log,
    m,
    normsq,
    nu,
    outer,
    p,
    post,
    q,
    s,
    s_c,
    s_z,
    sigma,
    snr,
    tr,
    transpose,
    x,
)  # fmt: skip
from theory.language.statements import Rel
from theory.language.terms import Term, TermError, as_term, make, rebuild

Path = tuple[int, ...]
NAMES = (alpha, sigma, a, g)
VECTORS = (s, s_c, m, X0, x, s_z)
SCALARS = (D, alpha, sigma, g, snr, nu, log(p), div(s), normsq(s), normsq(X0), tr(Cov(X0 | x)), P(Z | x), h)
MATRICES = (I, jac(s), Cov(X0 | x), outer(s, s), outer(X0, X0))
FLOWING = (p, f, q)
_DIRECTIONS = (FORWARD, REVERSE, REVERSE_GIVEN_END, FLOW)


def places(term: Term, path: Path = ()) -> Iterator[tuple[Path, Term]]:
    """Every node of a term with its path."""
    yield path, term
    for i, child in enumerate(term.args):
        yield from places(child, (*path, i))


def replaced(term: Term, path: Path, new: Term) -> Term:
    """``term`` with the node at ``path`` exchanged. Raises TermError if the ranks do not allow it."""
    if not path:
        return new
    args = list(term.args)
    args[path[0]] = replaced(args[path[0]], path[1:], new)
    return rebuild(term, tuple(args))


def substituted(term: Term, old: Term, new: Term) -> Term:
    """``term`` with every ``old`` exchanged for ``new``."""
    return new if term == old else rebuild(term, tuple(substituted(t, old, new) for t in term.args))


def _scaled(term: Term, random: Random) -> Term:
    factor = random.choice((as_term(2), as_term(-1), as_term(Fraction(1, 2)), alpha, sigma, g, D, as_term(3)))
    return make("mul", (factor, term))


def _number(term: Term, random: Random) -> Term:
    value = Fraction(str(term.data))
    return as_term(random.choice((value + 1, value - 1, -value, 2 * value, value / 2, value + Fraction(1, 3))))


def _power(term: Term, random: Random) -> Term:
    exponent = Fraction(str(term.data))
    return make("pow", term.args, random.choice((exponent + 1, exponent - 1, -exponent, 2 * exponent)))


def _sum(term: Term, random: Random) -> Term:
    i = random.randrange(len(term.args))
    rest = (*term.args[:i], *term.args[i + 1 :])
    if random.random() < 0.5:
        return make("add", (*term.args[:i], make("neg", (term.args[i],)), *term.args[i + 1 :]))
    return rest[0] if len(rest) == 1 else make("add", rest)


def _product(term: Term, random: Random) -> Term:
    i = random.randrange(len(term.args))
    if random.random() < 0.4 and not term.args[i].rank:
        return make("mul", (*term.args, term.args[i]))
    rest = (*term.args[:i], *term.args[i + 1 :])
    return rest[0] if len(rest) == 1 else make("mul", rest)


def _average(term: Term, random: Random) -> Term:
    """An average of a product split, dropped, or nested."""
    inner = term.args[0]
    if inner.op == "mul" and len(inner.args) == 2 and random.random() < 0.6:
        return make("mul", tuple(make(term.op, (t,)) for t in inner.args))
    if term.op == "post" and random.random() < 0.5:
        return inner
    return make(term.op, (make("pow", (inner,), Fraction(2)),)) if not inner.rank else make(term.op, (inner * 2,))


def _swapped(term: Term, random: Random) -> Term:
    return make(term.op, (term.args[1], term.args[0]))


def _square(term: Term, random: Random) -> Term:
    inner = term.args[0]
    return make("pow", (tr(inner),), Fraction(2)) if term.op == "frobsq" else make("frobsq", (outer(inner, inner),))


def _trace(term: Term, random: Random) -> Term:
    return tr(transpose(term.args[0]) + I) if random.random() < 0.5 else term * D


_ENTROPIES = ("Xt", "X0|Xt", "Xt|X0", "Z|Xt", "X0")
_RULES: dict[str, Sequence[Callable[[Term, Random], Term]]] = {
    "num": (_number,), "pow": (_power,), "add": (_sum,), "mul": (_product,), "E": (_average,), "post": (_average,),
    "tfun": (lambda t, r: r.choice(NAMES), lambda t, r: t**2, lambda t, r: 1 / t),
    "dim": (lambda t, r: r.choice((as_term(1), D - 1, D + 1, D**2, as_term(2), 2 * D - 1)),),
    "neg": (lambda t, r: t.args[0],), "sub": (lambda t, r: t.args[0] + t.args[1], lambda t, r: t.args[1] - t.args[0]),
    "quot": (lambda t, r: t.args[0] * t.args[1] if not t.args[1].rank else t, lambda t, r: t.args[0] / t.args[1] ** 2),
    "outer": (_swapped,), "dot": (_swapped,), "frobsq": (_square,), "normsq": (lambda t, r: t * t, lambda t, r: -t),
    "tr": (_trace,), "div": (lambda t, r: -t, lambda t, r: t * 2), "lap": (lambda t, r: t / 2, lambda t, r: 2 * t),
    "jac": (lambda t, r: t + I, lambda t, r: div(t.args[0]) * I, lambda t, r: 2 * t),
    "grad": (lambda t, r: 2 * t, lambda t, r: -t), "dt": (lambda t, r: -t, lambda t, r: 2 * t),
    "drift": (lambda t, r: make("drift", t.args, r.choice(_DIRECTIONS)) if len(t.args) == 1 else -t,),
    "noise": (lambda t, r: make("noise", t.args, r.choice(_DIRECTIONS)), lambda t, r: -t),
    "qv": (lambda t, r: make("qv", t.args, r.choice(_DIRECTIONS)), lambda t, r: t / 2),
    "entropy": (lambda t, r: make("entropy", (), r.choice(_ENTROPIES)) if not t.free else -t, lambda t, r: 2 * t),
    "rate": (lambda t, r: make("rate", t.args, r.choice(("t", "sigma", "sigma^2", "snr", "nu"))), lambda t, r: -t),
    "eye": (lambda t, r: 2 * t, lambda t, r: r.choice(MATRICES)), "log": (lambda t, r: 2 * t, lambda t, r: t**2),
    "cov_post": (lambda t, r: tr(t) * I, lambda t, r: 2 * t, lambda t, r: outer(m, m)),
}  # fmt: skip


def mutated(term: Term, random: Random, diffusion: bool = False) -> Term:
    """``term`` with one node changed. Raises TermError if the draw does not fit."""
    path, node = random.choice(list(places(term)))
    rules = _RULES.get(node.op, ())
    if rules and random.random() < 0.75:
        new = random.choice(rules)(node, random)
    elif random.random() < 0.5:
        new = _scaled(node, random)
    else:
        new = random.choice(_pool(node.rank, diffusion))
        if random.random() < 0.4:
            new = node + new
    if new.rank != node.rank:
        raise TermError("another rank")
    return replaced(term, path, new)


def _pool(rank: int, diffusion: bool) -> Sequence[Term]:
    if diffusion:
        ratio = log(q) - log(p)
        return ((D, g, log(p), div(f), div(s), ratio), (x, s, f, dot(jac(f), x)), (I, jac(f), jac(s)))[rank]
    return (SCALARS, VECTORS, MATRICES)[rank]


def mutant(relation: Rel, random: Random, count: int, diffusion: bool = False) -> Rel:
    """``relation`` with ``count`` changes on random sides."""
    sides = [relation.lhs, relation.rhs]
    for _ in range(count):
        side = random.randrange(2)
        for _attempt in range(20):
            try:
                sides[side] = mutated(sides[side], random, diffusion)
                break
            except TermError:
                continue
    return Rel(relation.relation, sides[0], sides[1])


SWAPS = (
    (alpha, sigma), (sigma, alpha), (g, sigma), (alpha, alpha**2), (g, g**2), (a, a + 1), (D, D - 1), (D, D + 1),
    (D, as_term(1)), (D, as_term(2)), (s, s_c), (m, X0), (s, s_z), (s_c, s), (X0, m), (s, 2 * s), (x, alpha * x),
    (sigma, 2 * sigma), (Cov(X0 | x), tr(Cov(X0 | x)) * I), (H(Xt), H(X0 | Xt)), (f, 2 * f), (q, p), (p, q), (I, 2 * I),
)  # fmt: skip
"""Names exchanged throughout a statement, and through its fluxes alike."""

__all__ = ["E", "SWAPS", "frobsq", "mutant", "mutated", "places", "post", "replaced", "substituted", "transpose"]
