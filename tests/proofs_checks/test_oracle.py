"""The oracle of the soundness attack: what is true stays open, what is false has an exact witness."""

from __future__ import annotations

import ast
import json
import sys
from fractions import Fraction
from math import e, log, pi
from pathlib import Path

import pytest

from proofs_checks import attack
from proofs_checks.attack import enclose
from proofs_checks.attack.identities import seeds
from proofs_checks.attack.oracle import FALSE, OPEN, UNREAD, judge
from proofs_checks.attack.series import Ring, UnreadableError
from proofs_checks.attack.truths import generate
from theory.language.instances import (
    ANY,
    DIFFUSION,
    DISCRETE,
    FINITE_INFORMATION,
    GAUSSIAN,
    LINEAR,
    VP,
    Setting,
    gaussian,
    two_modes,
)
from theory.language.notation import (
    FORWARD,
    X0,
    Cov,
    D,
    E,
    H,
    I,
    Xt,
    Z,
    alpha,
    at,
    d,
    div,
    dot,
    drift,
    dt,
    exp,
    f,
    frobsq,
    g,
    jac,
    lap,
    m,
    mmse,
    normsq,
    p,
    q,
    s,
    s_z,
    sigma,
    symbol,
    tanh,
    tr,
    wz,
    x,
)
from theory.language.notation import (
    log as Log,
)
from theory.language.statements import Eq, Ge, Le

C = Cov(X0 | x)
half = g**2 / 2
FIELDS, NUMBERS, GENERAL = Setting(ANY, LINEAR), Setting(FINITE_INFORMATION, LINEAR), Setting(ANY, DIFFUSION)


# -- the oracle's arithmetic --------------------------------------------------------------------
def test_series_invert_and_take_logarithms_exactly():
    ring = Ring(1, nt=2, nx=4)
    u = ring.const(Fraction(3, 2)) + ring.x(0) - ring.time().scaled(2) * ring.x(0)
    assert not u * u.power(Fraction(-1)) - ring.one
    assert not (u.log().dx(0) * u - u.dx(0)).select(lambda key: (key >> 16) & 255 < 4)
    assert not (u - ring.const(Fraction(3, 2))).exp().log() - (u - ring.const(Fraction(3, 2)))


def test_series_refuse_to_divide_by_what_may_vanish():
    ring = Ring(1, nt=1, nx=2)
    with pytest.raises(UnreadableError, match="division by zero"):
        ring.zero.power(Fraction(-1))
    with pytest.raises(UnreadableError, match="leading part"):
        ring.x(0).power(Fraction(-1))
    with pytest.raises(UnreadableError, match="not positive"):
        ring.const(-2).log()


@pytest.mark.parametrize("value", [Fraction(7, 3), Fraction(1, 900), Fraction(10**9, 7), Fraction(1)])
def test_intervals_hold_the_logarithm_and_undo_it(value):
    found = enclose.log(enclose.point(value))
    assert float(found.lo) == pytest.approx(log(value), rel=1e-14, abs=1e-80)
    assert found.hi - found.lo < Fraction(1, 10**80)
    back = enclose.exp(found)
    assert back.lo <= value <= back.hi
    assert (back.hi - back.lo) < value / 10**70


def test_intervals_hold_pi_and_e_to_many_digits():
    assert float(enclose.PI.lo) == float(enclose.PI.hi) == pi
    fifty = Fraction("3.14159265358979323846264338327950288419716939937510")
    assert abs(enclose.PI.lo - fifty) < Fraction(1, 10**49)
    assert float(enclose.exp(enclose.point(1)).lo) == e


# -- the oracle's verdicts --------------------------------------------------------------------
def test_every_seed_identity_is_read_and_left_open():
    for name, (statement, setting) in seeds().items():
        judgement = judge(statement, setting, 7)
        assert (judgement.verdict, judgement.read > 0) == (OPEN, True), name


def test_the_catalogue_is_left_open_and_its_folklore_refuted():
    from proofs_checks.registry import load
    from theory.language.statements import Chain, Rel

    read = 0
    for claim in load().values():
        for name, statement in claim.statements.items():
            if isinstance(statement, (Rel, Chain)):
                judgement = judge(statement, claim.setting, 11)
                read += judgement.read > 0
                if not claim.is_folklore:
                    assert judgement.verdict != FALSE, (claim.id, name, judgement.witness)
    assert read > 60


def test_true_identities_that_others_drew_are_left_open():
    for truth in generate(60, 3):
        judgement = judge(truth.statement, truth.setting, 5)
        assert judgement.verdict != FALSE, (truth, judgement.witness)


@pytest.mark.parametrize(
    ("statement", "setting", "kind"),
    [
        (Eq(jac(s), alpha * C / sigma**4 - I / sigma**2), FIELDS, "atoms"),
        (Eq(E(dot(x, s)), -(D**2)), NUMBERS, "a Gaussian law"),
        (Eq(E(frobsq(C)), E(tr(C) ** 2) / D), NUMBERS, "a Gaussian law"),
        (Eq(dt(p), g**2 * lap(p) - div(p * f)), GENERAL, "a diffusion"),
        (Eq(d(H(Xt)), E(div(f)) + g**2 * E(normsq(s))), GENERAL, "a diffusion"),
        (Eq(drift(q / p, FORWARD), 0), GENERAL, "a diffusion"),
        (Eq(d(H(Z | Xt)), half * E(normsq(s_z))), FIELDS, "a Gaussian law"),
        (Eq(H(Z | x), Log(wz)), FIELDS, "interval"),
        (Eq(E(p * dot(x, s)), -D * E(p)), NUMBERS, "interval"),
        (Eq(H(X0 | x), 0), Setting(DISCRETE, LINEAR), "interval"),
        (Ge(div(s), 0), FIELDS, "sign"),
        (Le(mmse, E(normsq(m)) - E(normsq(m))), NUMBERS, "sign"),
        (Eq(dt(sigma**2), g**2), FIELDS, "atoms"),
        (Eq(alpha, 1), Setting(ANY, VP), "atoms"),
        (Eq(C, I), Setting(GAUSSIAN, LINEAR), "a Gaussian law"),
    ],
)  # fmt: skip
def test_false_statements_have_a_witness(statement, setting, kind):
    judgement = judge(statement, setting, 1)
    assert judgement.verdict == FALSE
    assert kind in judgement.witness.kind
    assert json.dumps(judgement.witness.instance)


def test_what_holds_for_gaussians_only_is_refuted_by_a_neighbour_of_one():
    """tr Cov is constant in x for a Gaussian law; for a law beside it, it is not."""
    statement = Eq(E(tr(C) ** 2), E(tr(C)) ** 2)
    assert judge(statement, Setting(GAUSSIAN, LINEAR), 1).verdict == OPEN
    judgement = judge(statement, Setting(ANY, LINEAR), 1)
    assert judgement.verdict == FALSE
    assert "order 2" in judgement.witness.kind


def test_concrete_laws_are_read_at_the_origin_and_beside_it():
    mu, S = symbol("mu"), symbol("S")
    pair = Setting(two_modes(mu, S), LINEAR, None, (mu,), (S,))
    assert judge(Eq(at(s, x=0), 0), pair, 1).verdict == OPEN
    assert judge(Eq(s, 0), pair, 1).verdict == FALSE
    one = Setting(gaussian(mu, S), LINEAR, None, (S,))
    v = alpha**2 * S + sigma**2
    assert judge(Eq(div(s), -1 / v), one, 1).verdict == OPEN
    assert judge(Eq(div(s), -1 / (v + alpha)), one, 1).verdict == FALSE


def test_what_the_oracle_cannot_read_is_no_verdict():
    assert judge(Eq(tanh(normsq(x)), 1), FIELDS, 1).verdict == UNREAD
    assert judge(Eq(exp(normsq(x)), 1), NUMBERS, 1).verdict in (UNREAD, FALSE)
    assert judge(Eq(E(1 / p), 1), NUMBERS, 1).verdict == UNREAD  # the average diverges


def test_densities_to_a_power_are_integrated_by_parts_exactly():
    for n in (1, 2):
        assert judge(Eq(E(p**n * div(m)), -(n + 1) * E(p**n * dot(m, s))), NUMBERS, 1).verdict == OPEN
        assert judge(Eq(E(p**n * div(m)), -E(p**n * dot(m, s))), NUMBERS, 1).verdict == FALSE


def test_the_oracle_shares_no_code_with_the_kernels_or_the_numbers():
    room = Path(attack.__file__).parent
    mine = {"oracle", "reading", "laws", "diffusions", "mixtures", "schedule", "constants", "enclose", "series"}
    for name in mine:
        for node in ast.walk(ast.parse((room / f"{name}.py").read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module == "proofs_checks.attack":
                names = [f"proofs_checks.attack.{alias.name}" for alias in node.names]
            for used in names:
                own = used.startswith("proofs_checks.attack.") and used.rpartition(".")[2] in mine
                assert own or used.startswith("theory.language.") or used.split(".")[0] in sys.stdlib_module_names, used
