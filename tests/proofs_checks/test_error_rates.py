"""One error rate for a whole run, split over claims, forms and laws, statements and mutants, tests, value and bias."""

import pytest

from numerics.paths import confrontation, decide
from numerics.sequential import FAMILY_RATE
from proofs_checks import judge_paths, registry, verify


def test_the_rate_of_a_run_covers_every_claim():
    for claims in (1, 2, 47, 63, 64, 65, 100, 128, 129, 1000):
        assert claims * verify.share_of(claims) <= FAMILY_RATE
    assert verify.share_of(len(registry.load())) * len(registry.load()) > FAMILY_RATE / 4  # and wastes little
    assert FAMILY_RATE == 1e-6


@pytest.mark.parametrize("name", ["score.norm_divergence", "path.var_peak_symmetric", "score.fisher_matrix"])
def test_the_share_of_a_claim_covers_every_test_of_it(name, monkeypatch):
    given, used = [], []
    original, decided = confrontation.run_tests, decide._decide

    def counted(ensemble, tests, **options):
        given.append((options["share"], len(tests)))
        return original(ensemble, tests, **options)

    def seen(test, sums, rule, bettor):
        used.append((given[-1], rule))
        return decided(test, sums, rule, bettor)

    monkeypatch.setattr(confrontation, "run_tests", counted)
    monkeypatch.setattr(decide, "_decide", seen)
    share = 1e-6 / 64
    judge_paths.judge(registry.find(name), seed=0, share=share)
    assert 0 < sum(part for part, _ in given) <= share * (1 + 1e-12)
    for (part, tests), rule in used:
        assert rule.share * tests <= part * (1 + 1e-12)
        assert rule.value + rule.bias == pytest.approx(rule.share, rel=1e-12)
        assert 0 < rule.bias < rule.value


def test_statements_that_must_go_alone_share_alike(monkeypatch):
    from numerics.path_forms import Static
    from numerics.schedules import STANDING_PROCESS
    from theory.language.instances import T3
    from theory.language.notation import E, div, log, normsq, s, symbol
    from theory.language.statements import Eq

    given = []
    original = confrontation.run_tests

    def counted(ensemble, tests, **options):
        given.append(options["share"])
        return original(ensemble, tests, **options)

    monkeypatch.setattr(confrontation, "run_tests", counted)
    statements = {
        "good": Eq(E(normsq(s)), -E(div(s))),
        "unbound": Eq(E(normsq(s)), symbol("mu") * E(div(s))),
        "nan": Eq(E(normsq(s)), E(log(-normsq(s)))),
    }
    found = confrontation.confront_many(statements, Static(), T3, STANDING_PROCESS, claim_id="t", seed=1, share=3e-6)
    assert found["good"].outcome == "consistent"
    assert found["unbound"].outcome == found["nan"].outcome == "undecided"
    assert sum(given) <= 3e-6 * (1 + 1e-12)
