"""Certificates that a hostile reader of the index kernel wrote: each would prove too much, and is refused."""

from __future__ import annotations

import pytest

from theory.kernel import definition
from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import certificate, check
from theory.kernel.index.links import Lemma, Link
from theory.kernel.index.pieces import Piece
from theory.language.instances import ANY, DIFFUSION, DISCRETE, GAUSSIAN, LINEAR, MIXTURE, VE, VP, LawClass, Setting
from theory.language.notation import (
    X0,
    D,
    E,
    H,
    I,
    P,
    Sz,
    Xt,
    alpha,
    d,
    div,
    dot,
    dt,
    grad,
    inv,
    k,
    log,
    m,
    mz,
    normsq,
    outer,
    p,
    p0,
    post,
    pz,
    q,
    s,
    s_z,
    sigma,
    symbol,
    tr,
    wz,
    x,
)
from theory.language.statements import Eq, Ge, Rel
from theory.language.terms import Term, as_term

PLACE = Setting(ANY, LINEAR)
ONE = as_term(1)
STEIN = Eq(E(dot(x, s)), -D)
BY_PARTS = Link(parts=True)
COMPONENT_SCORE = Eq(s_z, -dot(inv(alpha**2 * Sz + sigma**2 * I), x - alpha * mz))


def by_lemma(statement: Rel, setting: Setting, proved: Rel, place: Setting, link: Link) -> None:
    """Check the lemma in its own place, then a statement with it as the whole proof."""
    lemma = certificate(proved, place, (link,))
    check(lemma)
    check(certificate(statement, setting, (Link(lemmas=(Lemma(ONE, lemma),)),)))


@pytest.mark.parametrize(
    ("proved", "place", "link", "setting"),
    [
        (STEIN, PLACE, BY_PARTS, Setting(ANY, DIFFUSION)),
        (Eq(E(dot(x, s)), -1), Setting(ANY, LINEAR, D=1), BY_PARTS, PLACE),
        (Eq(E(dot(x, s)), -1), Setting(ANY, LINEAR, D=1), BY_PARTS, Setting(ANY, LINEAR, D=2)),
        (Eq(alpha**2 + sigma**2, 1), Setting(ANY, VP), Link(), PLACE),
        (Eq(alpha, 1), Setting(ANY, VE), Link(), Setting(ANY, VP)),
        (COMPONENT_SCORE, Setting(MIXTURE, LINEAR), Link(), PLACE),
        (COMPONENT_SCORE, Setting(MIXTURE, LINEAR), Link(), Setting(DISCRETE, LINEAR)),
        (STEIN, Setting(ANY, LINEAR, positive=(symbol("b"),)), BY_PARTS, PLACE),
        (Ge(E(normsq(s)), 0), PLACE, Link(), PLACE),
    ],
)
def test_a_lemma_of_a_smaller_setting_or_of_another_kind(
    proved: Rel, place: Setting, link: Link, setting: Setting
) -> None:
    with pytest.raises(KernelError):
        by_lemma(Eq(proved.lhs, proved.rhs), setting, proved, place, link)


@pytest.mark.parametrize(
    ("above", "below", "over"),
    [(p, k, "E"), (p, k, "post"), (pz, k, "post"), (p, pz, "post"), (q, p, "E"), (p, q, "post"), (k, q, "post"),
     (pz, q, "post"), (k, p, "point"), (wz, p, "E"), (p0, p, "E")],
)  # fmt: skip
def test_a_log_ratio_that_is_no_relative_entropy(above: Term, below: Term, over: str) -> None:
    average = {"E": E, "post": post, "point": as_term}[over]
    piece = Piece("relative entropy", ONE, (above, below), over)
    with pytest.raises(KernelError, match="relative entropy"):
        check(certificate(Ge(average(log(above) - log(below)), 0), PLACE, (Link(pieces=(piece,)),)))


@pytest.mark.parametrize("law", [ANY, MIXTURE, GAUSSIAN])
@pytest.mark.parametrize("density", [p0, P(X0 | x), p, k, pz])
def test_the_surprisal_of_a_density(law: LawClass, density: Term) -> None:
    piece = Piece("surprisal", ONE, (density,), "E")
    with pytest.raises(KernelError, match="surprisal"):
        check(certificate(Ge(E(-log(density)), 0), Setting(law, LINEAR), (Link(pieces=(piece,)),)))


@pytest.mark.parametrize(
    ("denominator", "setting"),
    [
        (E(dot(x, s)) + D, PLACE),
        (alpha**2 + sigma**2 - 1, Setting(ANY, VP)),
        (E(normsq(grad(normsq(X0 - m)))) - E(normsq(grad(normsq(X0 - m)))), PLACE),
        (E(normsq(grad(post(normsq(X0 - m))))), Setting(GAUSSIAN, LINEAR)),
    ],
)
def test_a_division_by_what_is_zero_throughout(denominator: Term, setting: Setting) -> None:
    with pytest.raises(KernelError):
        check(certificate(Eq(1 / denominator, 1 / denominator + 0 * D), setting, (BY_PARTS,)))


def test_an_identity_of_one_dimension_in_every_dimension() -> None:
    gap = X0 - m
    squares = post(normsq(gap)) ** 2
    matrix = post(outer(gap, gap))
    with pytest.raises(KernelError, match="does not vanish"):
        check(certificate(Eq(tr(dot(matrix, matrix)), squares), PLACE, (Link(),)))


@pytest.mark.parametrize("law", [ANY, DISCRETE])
def test_the_mean_of_a_component_where_the_label_is_any(law: LawClass) -> None:
    with pytest.raises(KernelError, match="Gaussian only"):
        check(certificate(Eq(post(normsq(X0 - mz)), 0), Setting(law, LINEAR), (Link(),)))


def test_a_side_that_divides_by_nothing_says_nothing():
    """E[div s] + E|s|^2 is 0: a quotient by it is undefined, and equal to itself only in writing."""
    undefined = E(log(p) ** 2) / (E(div(s)) + E(normsq(s)))
    with pytest.raises(KernelError, match="may vanish"):
        definition.check(definition.certificate(Eq(undefined, undefined)))
    assert definition.check(definition.certificate(Eq(E(log(p)) / sigma**2, E(log(p)) / sigma**2)))
    assert definition.check(definition.certificate(Eq(d(H(Xt), "sigma"), dt(H(Xt)) / dt(sigma))))
