"""The table of definitions: complete, rank-preserving, and free of theorems."""

import pytest

from theory.language import notation as n
from theory.language.definitions import CLOCKS, ENTROPIES, UNFOLD, split_log, unfold
from theory.language.terms import CORE, NOTATION, make, walk

SAMPLES = [
    n.s, n.s_c, n.s_z, n.m, n.f, n.snr, n.nu, n.mmse, n.Information, n.Phi, n.h, n.div(n.s), n.jac(n.s), n.lap(n.p),
    n.normsq(n.x), n.frobsq(n.jac(n.s)), n.Cov(n.X0 | n.x), n.VarPost(n.Phi), n.Var(n.Phi), n.covar(n.Phi, n.h),
    n.P(n.X0 | n.x), n.P(n.Z | n.x), -n.s, n.x - n.X0, n.x / n.sigma, n.noise(n.Phi, n.REVERSE),
    *(n.drift(n.Phi, along) for along in (n.FORWARD, n.REVERSE, n.REVERSE_GIVEN_END, n.FLOW)),
    n.drift(n.h, n.FAMILY, 1), *(n.d(n.H(n.X0 | n.Xt), clock) for clock in CLOCKS),
    n.qv(n.Phi, n.REVERSE), n.Cov(n.Xt), *(make("entropy", (), event) for event in ENTROPIES),
]  # fmt: skip


def test_every_notation_has_a_definition():
    assert set(UNFOLD) == set(NOTATION)
    assert {t.op for term in SAMPLES for t in walk(term)} >= set(NOTATION)


@pytest.mark.parametrize("term", SAMPLES, ids=repr)
def test_unfolding_reaches_core_operators_and_keeps_rank(term):
    core = unfold(term)
    assert {t.op for t in walk(core)} <= set(CORE)
    assert core.rank == term.rank
    assert core.free <= term.free


def test_definitions_are_the_textbook_ones():
    assert unfold(n.s) == n.grad(n.log(n.p))
    assert unfold(n.m) == n.post(n.X0)


def test_a_logarithm_is_split_only_where_the_factors_are_positive():
    assert split_log(unfold(n.log(n.p * n.k))) == n.log(n.p) + n.log(n.k)
    kept = n.log(make("mul", (make("num", (), n.Q(-1)), n.p)))
    assert split_log(kept) == kept
    field = n.log(n.field("phi") * n.p)
    assert split_log(field) == field
