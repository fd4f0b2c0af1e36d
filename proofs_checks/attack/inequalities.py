"""False inequalities with certificates: squares that the difference is not, pieces of another sum; and false "iff".

``random_piece`` draws a non-negative piece that the kernel knows by a rule; ``audit`` lets the oracle look for an
instance at which such a piece is negative: one would refute the rule itself.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random
from typing import Any

from proofs_checks.attack.falsehoods import Candidate, Parent
from proofs_checks.attack.mutations import mutated
from proofs_checks.attack.oracle import FALSE, judge
from proofs_checks.attack.rules import Draw
from proofs_checks.attack.tampering import Certificate, honest
from theory.kernel.errors import KernelError
from theory.kernel.index.pieces import Piece, nonnegative, piece_data
from theory.language.instances import ANY, DISCRETE, LINEAR, VP, Setting
from theory.language.notation import (
    X0,
    E,
    H,
    P,
    Z,
    alpha,
    g,
    k,
    log,
    m,
    normsq,
    p,
    p0,
    pz,
    q,
    s,
    s_c,
    s_z,
    sigma,
    wz,
    x,
)
from theory.language.statements import Ge, Le, Rel
from theory.language.terms import Term, TermError, as_term, to_data

_DENSITIES = (k, p, pz, q, p0)
_RULES = ("square", "cauchy-schwarz", "covariance", "jensen", "relative entropy", "surprisal")


def candidate(random: Random, known: tuple[Parent, ...]) -> tuple[Candidate, tuple[str, Certificate]]:
    """A candidate of the family with its certificate. Raises TermError or KernelError if the draw does not fit."""
    return _with_piece(random) if random.random() < 0.5 else _with_square(random, known)


def _with_square(random: Random, known: tuple[Parent, ...]) -> tuple[Candidate, tuple[str, Certificate]]:
    """A >= B + N from a true A = B and an N that is positive somewhere."""
    parent = random.choice([o for o in known if not o.statement.lhs.rank])
    left, right = parent.statement.lhs, parent.statement.rhs
    options = [as_term(1)]
    if parent.setting.process.name != "diffusion":
        options += [normsq(s), sigma**2, normsq(X0 - m)] if parent.statement.free else [E(normsq(s)), E(normsq(x))]
    extra = random.choice(options)
    if random.random() < 0.5:
        statement, name = Rel(">=", left, right + extra), f"{parent.name} >= more"
    else:
        statement, name = Rel("<=", left, right - extra), f"{parent.name} <= less"
    draw = Draw(random, diffusion=parent.setting.process.name == "diffusion")
    squares: tuple[tuple[str, Term], ...] = (
        ("the remainder", extra), ("twice", 2 * extra), ("no square", -extra), ("nothing", as_term(0)),
        ("a product", draw.field() * draw.field()), ("another square", draw.field() ** 2),
    )  # fmt: skip
    said, square = random.choice((*squares, squares[0], squares[1], squares[5]))
    whole = honest(statement, parent.setting)[0]
    whole["links"][0]["square"] = to_data(square)
    return Candidate("inequality", name, statement, parent.setting), (f"a square: {said}", whole)


def _with_piece(random: Random) -> tuple[Candidate, tuple[str, Certificate]]:
    """A piece of one sum for another one, or turned round."""
    piece, setting, found = random_piece(random)
    if random.random() < 0.3:
        statement = Le(found, random.choice((as_term(0), -found)))
    else:
        statement = Ge(mutated(found, random) if random.random() < 0.7 else found, found * random.choice((2, 3)))
    whole = honest(statement, setting)[0]
    whole["links"][0]["pieces"] = [piece_data(piece)]
    return Candidate("inequality", f"piece: {piece.rule}", statement, setting), (f"a piece: {piece.rule}", whole)


def random_piece(random: Random) -> tuple[Piece, Setting, Term]:
    """A piece, its setting and the term that the kernel takes to be non-negative. Raises KernelError, TermError."""
    draw, rule = Draw(random), random.choice(_RULES)
    over = random.choice(("E", "post", "point"))
    setting = Setting(random.choice((ANY, DISCRETE)), random.choice((LINEAR, LINEAR, VP)))

    def term(rank: int) -> Term:
        if rank == 0:
            return random.choice((draw.field(), draw.end(), draw.term(0, 1)))
        return random.choice((draw.vector(), draw.end_vector(), s_c, X0, s)) if rank == 1 else draw.term(2, 1)

    if rule == "square":
        terms: tuple[Term, ...] = (_square(draw, random),)
    elif rule == "cauchy-schwarz":
        rank = random.choice((0, 0, 1, 1, 2))
        terms = term(rank), term(rank)
    elif rule == "covariance":
        terms = (term(1),)
    elif rule == "jensen":
        terms = (term(random.choice((0, 1, 1, 2))),)
    elif rule == "relative entropy":
        terms = random.choice(_DENSITIES), random.choice(_DENSITIES)
    else:
        terms = (random.choice((P(X0 | x), P(Z | x), wz, p0, p, k)),)
    weight = random.choice((as_term(1), alpha, g**2, as_term(Fraction(1, 2)), sigma**-2, alpha**2 / sigma**4))
    piece = Piece(rule, weight, terms, over)
    return piece, setting, nonnegative(piece, frozenset(), frozenset(), setting)


def _square(draw: Draw, random: Random) -> Term:
    """Something that looks non-negative."""
    u, v, w = draw.field(), draw.end(), draw.vector()
    options = (u**2, normsq(w), u * u, u * v * u * v, u**2 + normsq(w), H(Z | x) ** 2, (u**2) * normsq(s_z), -u * u,
               u * v, E(u**2), normsq(w) ** 3, alpha * normsq(w) / sigma, normsq(w) / p, log(p) ** 2 * k)  # fmt: skip
    return random.choice(options)


def audit(count: int, seed: int) -> dict[str, Any]:
    """Look for a negative piece among ``count`` drawn ones: {"pieces", "read", "rules", "negative"}."""
    read, rules, negative = 0, Counter[str](), []
    tried = 0
    for number in range(8 * count):
        if tried == count:
            break
        try:
            piece, setting, found = random_piece(Random(f"{seed}:{number}"))
        except (KernelError, TermError):
            continue
        tried += 1
        judgement = judge(Ge(found, 0), setting, f"{seed}:{number}")
        read += judgement.read > 0
        rules[piece.rule] += judgement.read > 0
        if judgement.verdict == FALSE and judgement.witness is not None:
            shown = {"residual": judgement.witness.residual, "instance": judgement.witness.instance}
            negative.append({"rule": piece.rule, "over": piece.over, "terms": repr(piece.terms), **shown})
    return {"pieces": tried, "read": read, "rules": dict(rules), "negative": negative}
