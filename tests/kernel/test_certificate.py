import json
import subprocess
import sys

import pytest

from theory.kernel import replay
from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.certificate import Flux, Link, certificate, check
from theory.kernel.index.nonneg import is_nonnegative
from theory.language.instances import ANY, FINITE_INFORMATION, LINEAR, T1, Setting
from theory.language.notation import *
from theory.language.serial import setting_data, setting_from_data, statement_from_data
from theory.language.statements import Eq, Ge, Gt, chain, statement_data
from theory.language.terms import TermError, as_term

INFO = Setting(FINITE_INFORMATION, LINEAR)
ONE = as_term(1)
L = log(P(X0 | x))
RATE = Eq(d(H(X0 | Xt)), g**2 / 2 * (D / sigma**2 + E(div(s))))
FLUX = Flux(ONE, L * (a * x - g**2 / 2 * s_c))


def test_the_bandwidth_is_one_flux_against_the_joint_density():
    theorem = check(certificate(RATE, INFO, (Link((FLUX,)),)))
    assert theorem.statement == RATE
    assert theorem.steps == ("equal by 1 flux(es)",)
    assert "every dimension" in theorem.scope


@pytest.mark.parametrize(
    "flux",
    [
        Flux(ONE, -(L * (a * x - g**2 / 2 * s_c))),
        Flux(ONE, L * (a * x - g**2 * s_c)),
        Flux(ONE, L * (a * x - g**2 / 2 * s)),
        Flux(ONE, log(p) * (a * x - g**2 / 2 * s_c)),
        Flux(as_term(Q(1, 2)), FLUX.field),
        Flux(alpha, FLUX.field),
        Flux(ONE, FLUX.field + x / p),
        Flux(ONE, FLUX.field + x / (k * p0)),
        Flux(ONE, FLUX.field + post(1 / k) * x),
        Flux(L, x),
        Flux(ONE, L),
        Flux(x, x),
        Flux(ONE, FLUX.field, 1),
        Flux(ONE, FLUX.field, -1),
    ],
)
def test_other_fluxes_are_refused(flux):
    with pytest.raises(KernelError):
        check(certificate(RATE, INFO, (Link((flux,)),)))


def test_a_field_may_not_be_averaged_away():
    # E[s] = 0 does not make s = 0: a flux identity has no free point.
    with pytest.raises(KernelError):
        check(certificate(Eq(div(s), -normsq(s)), INFO, (Link((Flux(ONE, s_c),)),)))
    with pytest.raises(KernelError):
        check(certificate(Eq(dot(x, s), as_term(0)), INFO, (Link((Flux(normsq(x), x),)),)))


def test_certificates_survive_json_text():
    data = certificate(RATE, INFO, (Link((FLUX,)),))
    assert check(json.loads(json.dumps(data))).statement == RATE


def test_a_flux_that_cannot_decay_proves_nothing():
    # V = x/p would give E[(D + x . (s_c - s))/p] = 0, that is, a divergent average; V = x/(k p0) even E[D/(k p0)] = 0.
    for flux, claim in ((x / p, (D + dot(x, s_c - s)) / p), (x / (k * p0), D / (k * p0))):
        with pytest.raises(KernelError, match="decay"):
            check(certificate(Eq(E(claim), 0), INFO, (Link((Flux(ONE, flux),)),)))


def test_squares_are_judged_by_their_form():
    square = g**2 / 2 * E(normsq(s_c - s))
    assert check(certificate(Ge(RATE.lhs, 0), INFO, (Link((FLUX,), square),))).steps
    for bad in (None, g**2 / 2 * (D / sigma**2 + E(div(s))), a * E(normsq(s_c - s))):
        with pytest.raises(KernelError):
            check(certificate(Ge(RATE.lhs, 0), INFO, (Link((FLUX,), bad),)))
    with pytest.raises(UnsupportedError):
        check(certificate(Gt(RATE.lhs, 0), INFO, (Link((FLUX,), square),)))
    with pytest.raises(KernelError):
        check(certificate(RATE, INFO, (Link((FLUX,), square),)))


def test_each_link_of_a_chain_needs_its_own_proof():
    good = chain(RATE.lhs, ("=", RATE.rhs), ("=", g**2 / 2 * (D / sigma**2 - E(normsq(s)))))
    with pytest.raises(KernelError):
        check(certificate(good, INFO, (Link((FLUX,)),)))
    with pytest.raises(KernelError, match="link 2"):
        check(certificate(good, INFO, (Link((FLUX,)), Link())))
    second = Flux(ONE, g**2 / 2 * s)
    assert len(check(certificate(good, INFO, (Link((FLUX,)), Link((second,))))).steps) == 2


def test_concrete_laws_belong_to_the_other_kernel():
    with pytest.raises(UnsupportedError):
        check(certificate(Eq(s, post(s_c)), Setting(T1, LINEAR), (Link(),)))


def test_division_by_what_may_vanish_is_a_named_hypothesis():
    c = symbol("c")
    theorem = check(certificate(Eq(E(normsq(s)) * c / c, E(normsq(s))), INFO, (Link(),)))
    (found,) = [h for h in theorem.hypotheses if h.name == "non-zero denominator"]
    assert found.status == "assumed"
    signed = Setting(ANY, LINEAR, positive=(c,))
    theorem = check(certificate(Eq(E(normsq(s)) * c / c, E(normsq(s))), signed, (Link(),)))
    assert not [h for h in theorem.hypotheses if h.name == "non-zero denominator"]
    total = alpha**2 + sigma**2
    theorem = check(certificate(Eq(E(normsq(s)) / total * total, E(normsq(s))), INFO, (Link(),)))
    (found,) = [h for h in theorem.hypotheses if h.name == "non-zero denominator"]
    assert found.status == "discharged"
    with pytest.raises(KernelError):
        check(certificate(Eq(D / (alpha - alpha), D / (alpha - alpha)), INFO, (Link(),)))


def test_non_negativity_is_read_off_the_form_only():
    c = symbol("c")
    for term in (normsq(s), E(normsq(x)) + 1, g**2 * Var(L), a**2, a * a, tr(Cov(X0 | x)), dot(m, m), alpha / sigma,
                 post(normsq(X0)), 2 * p, normsq(grad(L)) / sigma**2, exp(D)):  # fmt: skip
        assert is_nonnegative(term), term
    for term in (a, -normsq(s), normsq(s) - 1, c, a**3, dot(x, s), c * normsq(s), L, a * g, x, normsq(s) / a):
        assert not is_nonnegative(term), term
    assert is_nonnegative(c * normsq(s), frozenset({"c"}))
    assert is_nonnegative(c * normsq(s), frozenset(), frozenset({"c"}))
    # where it is defined, a quotient of non-negative terms is non-negative; that it is defined is another question
    assert is_nonnegative(normsq(s) / c, frozenset(), frozenset({"c"}))
    assert not is_nonnegative(normsq(s) / c)


def test_statements_and_settings_come_back_from_data():
    good = chain(RATE.lhs, ("=", RATE.rhs), ("<=", D * g**2 / (2 * sigma**2)))
    for statement in (RATE, good, Ge(RATE.lhs, 0)):
        assert statement_from_data(json.loads(json.dumps(statement_data(statement)))) == statement
    for setting in (INFO, Setting(T1, LINEAR), Setting(ANY, LINEAR, D=3, positive=(symbol("c"),))):
        assert setting_from_data(json.loads(json.dumps(setting_data(setting)))) == setting


@pytest.mark.parametrize("bad", [{}, [], None, {"kind": "Rel"}, {"kind": "Chain", "links": 3}, {"kind": "Limit"}])
def test_other_data_is_no_statement(bad):
    with pytest.raises(TermError):
        statement_from_data(bad)
    with pytest.raises(TermError):
        setting_from_data(bad)


def test_the_command_replays_a_certificate(tmp_path):
    path = tmp_path / "cert.json"
    path.write_text(json.dumps(certificate(RATE, INFO, (Link((FLUX,)),))))
    done = subprocess.run([sys.executable, "-m", "theory.kernel", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "every dimension D" in done.stdout
    path.write_text("{")
    assert replay.main([str(path)]) == 1
    assert replay.main([str(tmp_path / "absent.json")]) == 2
    assert replay.main([]) == 2
