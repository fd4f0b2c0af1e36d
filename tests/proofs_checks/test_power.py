"""The search proves identities that nobody prepared for it; the generator writes true ones, and new ones only."""

import json
import random
import time
from dataclasses import replace
from fractions import Fraction

import pytest

from proofs_checks.attack import power
from proofs_checks.attack.truths import Truth, generate, known_digests
from proofs_checks.attack.truths_bases import CLEAN, LOGS
from proofs_checks.attack.truths_check import check
from proofs_checks.attack.truths_diffusion import FISHER_RATE, RATES
from proofs_checks.attack.truths_fields import Poly, clock_derivative, inner, vec, written
from theory.language.instances import ANY, DIFFUSION, LINEAR, Setting
from theory.language.notation import D, E, alpha, dot, dt, f, g, normsq, s, sigma, x
from theory.language.statements import Eq
from theory.search.outcome import REFUTED, UNDECIDED

SAMPLE = list(generate(42, 7))


def asleep(task, send):
    time.sleep(60)


@pytest.fixture(scope="module")
def findings():
    return [power.attempt(truth) for truth in SAMPLE]


def test_the_search_proves_what_it_was_not_prepared_for(findings):
    assert sum(f.proved for f in findings) >= 0.95 * len(findings), power.table(findings)


def test_no_true_identity_is_refuted(findings):
    assert [f.text for f in findings if f.status == REFUTED] == []


@pytest.mark.parametrize("truth", SAMPLE, ids=[f"{n}-{t.family}" for n, t in enumerate(SAMPLE)])
def test_a_drawn_identity_holds_at_laws_the_rules_did_not_see(truth):
    seen = check(truth, plane=False)
    assert seen.holds, f"{seen}: {truth.statement}"


def test_the_check_hears_a_wrong_factor():
    wrong = [replace(t, statement=Eq(t.statement.lhs, 2 * t.statement.rhs)) for t in SAMPLE]
    heard = [not check(t, plane=False).holds for t in wrong if t.statement.rhs.op != "num"]
    assert sum(heard) >= 0.7 * len(heard)  # a right side may vanish


@pytest.mark.parametrize(
    "wrong",
    [
        Eq(dt(E(normsq(s))), FISHER_RATE + g**2 / 2 * E(normsq(s))),
        Eq(dt(E(normsq(x))), 2 * E(dot(x, f)) + 2 * g**2 * D),
        Eq(dt(RATES[0][0]), -RATES[0][1]),
    ],
    ids=["half a Fisher information too much", "twice the noise", "sign of the entropy's rate"],
)
def test_the_check_hears_a_wrong_rate_for_any_drift(wrong):
    assert not check(Truth("diffusion", "wrong", wrong, Setting(law=ANY, process=DIFFUSION)), plane=False).holds


def test_identities_are_distinct_new_and_the_same_for_the_same_seed():
    digests = [t.digest for t in SAMPLE]
    assert len(set(digests)) == len(digests)
    assert not set(digests) & known_digests()
    assert [t.digest for t in generate(42, 7)] == digests
    assert not {t.digest for t in generate(42, 8)} & set(digests)


def test_every_family_is_drawn_and_none_names_a_dimension():
    assert {t.family for t in SAMPLE} == {"stein", "moments", "entropies", "ito", "cumulants", "diffusion"}
    assert all(t.setting.D is None for t in SAMPLE)


def test_the_small_calculus_knows_leibniz_and_ito():
    r2 = CLEAN["r2"]
    square = r2 * r2
    assert square.lap.terms == (Poly.of(normsq(x)) * (Poly.of(D) * 4 + 8)).terms
    assert square.forward.terms == (r2.F * r2.forward * 2 + Poly.of(g**2) * inner(r2.grad, r2.grad)).terms
    slope = LOGS["P"].grad  # grad P = P grad log P
    assert {b: w.terms for b, w in slope.items()} == {b: (w * LOGS["P"].F).terms for b, w in LOGS["logP"].grad.items()}


def test_functions_of_time_differentiate_by_the_schedule():
    snr = Poly.of(alpha, 2) * Poly.of(sigma, -2)
    assert clock_derivative(snr).terms == (Poly.of(alpha, 2) * Poly.of(g**2) * Poly.of(sigma, -4) * -1).terms


def test_a_polynomial_is_written_as_it_is():
    poly = Poly.of(Fraction(2, 3)) * Poly.of(sigma, -2) + inner(vec((x, 1)), vec((s, 1))) * -1
    shown = written(poly, random.Random(1))
    truth = Truth("", "", Eq(shown, Fraction(2, 3) / sigma**2 - dot(x, s)), Setting(law=ANY, process=LINEAR))
    assert check(truth, plane=False).holds


def test_a_run_reports_counts_times_and_reasons(capsys, tmp_path):
    path = tmp_path / "power.json"
    assert power.main(["--count", "6", "--seed", "3", "--json", str(path)]) == 0
    record = json.loads(path.read_text())
    assert record["count"] == 6
    assert record["refuted"] == 0
    assert len(record["findings"]) == 6
    assert set(record["seconds"]) == {"median", "90%", "99%", "max"}
    assert "all" in capsys.readouterr().out


def test_a_refuted_truth_ends_the_run_with_1(monkeypatch, capsys):
    monkeypatch.setattr(power, "measure", lambda truths, **_: [power.found(truths[0], REFUTED, "a witness", 0.1)])
    assert power.main(["--count", "1"]) == 1
    assert "a witness" in capsys.readouterr().out


def test_a_search_that_does_not_come_back_is_ended(monkeypatch):
    monkeypatch.setattr(power, "_work", asleep)
    (ended,) = power.measure(SAMPLE[:1], budget_seconds=0.05)
    assert ended.status == power.BROKEN
    assert "time" in ended.detail


def test_an_unreadable_path_is_one_sentence(capsys, tmp_path):
    assert power.main(["--count", "1", "--json", str(tmp_path / "none" / "x.json")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_quantiles_are_values_that_were_measured():
    assert [power.quantile([3.0, 1.0, 2.0, 4.0], q) for q in (0.25, 0.5, 0.99)] == [1.0, 2.0, 4.0]
    assert power.quantile([], 0.5) == 0.0


def test_an_open_question_is_no_proof():
    finding = power.found(SAMPLE[0], UNDECIDED, "no certificate", 0.1)
    assert not finding.proved
    assert power.summary([finding])["reasons"] == {"undecided: no certificate": 1}
