"""Margins: none wider than one percent can be made, and near mutants make them narrower."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from numerics.path_forms import WIDEST, Bracketed, Family, Integrated, MarginError, Path, Static, Weak
from numerics.paths import confront_many
from numerics.paths.decide import Observed, Test
from numerics.paths.margins import Group, capped
from numerics.paths.pilot import pilot_of
from numerics.schedules import STANDING_PROCESS
from theory.language.instances import T1W, T3
from theory.language.notation import E, Q, div, normsq, s, symbol, x
from theory.language.statements import Eq, Ge, Le


@pytest.mark.parametrize(
    "make",
    [
        lambda m: Weak((x,), m), lambda m: Integrated(Q(1, 2), Q(1), m), lambda m: Path(Q(1), Q(1, 2), m),
        lambda m: Bracketed(Q(1, 2), Q(1), Q(2), m), lambda m: Static(Q(4, 5), m),
        lambda m: Family(symbol("lam"), (Q(0),), Q(1), Q(1, 2), (x,), m),
    ],
    ids=["weak", "integrated", "path", "bracketed", "static", "family"],
)  # fmt: skip
def test_no_form_can_be_made_with_a_wide_margin(make):
    assert make(WIDEST).margin == Fraction(1, 100)
    assert make(Q(1, 1000)).margin == Fraction(1, 1000)
    for wide in (Q(1, 99), Q(1, 50), Q(3, 100), Q(1), Q(0), Q(-1, 100)):
        with pytest.raises(MarginError, match="at most 1/100 of the side"):
            make(wide)


@dataclass(frozen=True)
class Rows:
    """Observable i has mean means[i], step bias i bias, and noise: in common with all, and of its own."""

    means: tuple[float, ...]
    common: float = 1.0
    own: float = 0.0
    bias: float = 0.0

    def observe(self, wanted, count, rng):
        z = rng.standard_normal((1 + len(self.means), count))
        rows = [self.means[i] + self.common * z[0] + self.own * z[1 + i] for i in wanted]
        shifts = np.array([np.full(count, i * self.bias) for i in wanted])
        return Observed(np.array(rows), shifts, np.zeros((0, count)))


def narrowed(groups, mutants):
    ready = []
    for number, (ensemble, tests) in enumerate(groups):
        options = {"seed": 1, "claim_id": "t", "experiment": str(number)}
        ready.append(Group(ensemble, tuple(tests), pilot_of(ensemble, tests, **options), str(number)))
    found = capped(ready, mutants, seed=1, claim_id="t")
    return {(t.statement, t.part): t for row in found.tests for t in row}, found.blind


def equal(name, part="", margin=0.01):
    return Test(name, part, "=", margin, limit="the side")


def test_a_far_mutant_leaves_the_margin_and_a_near_one_narrows_it():
    tests = [equal("true"), equal("near"), equal("far")]
    found, blind = narrowed([(Rows((0.0, 0.012, 5.0)), tests)], {"near": "true", "far": "true"})
    assert found["true", ""].margin == pytest.approx(0.003, rel=1e-9)  # the difference has no noise here
    assert found["true", ""].limit == "a quarter of the distance to 'near'"
    assert found["near", ""].margin == found["far", ""].margin == found["true", ""].margin
    assert blind == {}
    found, _ = narrowed([(Rows((0.0, 0.05, 5.0)), tests)], {"near": "true", "far": "true"})
    assert found["true", ""] == tests[0]


def test_noise_and_step_bias_make_it_narrower_never_wider():
    tests = [equal("true"), equal("near")]
    found, _ = narrowed([(Rows((0.0, 0.03), own=1.0), tests)], {"near": "true"})
    assert 0.7 * 0.03 / 4 < found["true", ""].margin < 0.03 / 4
    widths = [narrowed([(Rows((0.0, 0.03), own=1.0, bias=b), tests)], {"near": "true"})[0] for b in (0.0, 0.01)]
    assert widths[1]["true", ""].margin < 0.8 * widths[0]["true", ""].margin


def test_the_best_part_is_capped_and_the_others_are_left():
    tests = [equal("true", "1"), equal("true", "2"), equal("near", "1"), equal("near", "2")]
    found, _ = narrowed([(Rows((0.0, 0.0, 0.008, 0.02)), tests)], {"near": "true"})
    assert found["true", "1"].margin == 0.01
    assert found["true", "2"].margin == pytest.approx(0.005, rel=1e-9)


def test_what_paths_cannot_tell_apart_caps_nothing_and_is_named():
    tests = [equal("true"), equal("same")]
    found, blind = narrowed([(Rows((0.0, 0.0)), tests)], {"same": "true"})
    assert found["true", ""].margin == 0.01
    assert blind == {"true": ["same"]}
    # a statistical zero, not an exact one
    _, blind = narrowed([(Rows((0.0, 0.0), own=1.0), tests)], {"same": "true"})
    assert blind == {"true": ["same"]}


def test_inequalities_are_as_far_as_they_are_violated():
    tests = [Test("true", "", ">=", 0.01), Test("other way", "", "<=", 0.01), Test("weaker", "", ">=", 0.01)]
    mutants = {"other way": "true", "weaker": "true"}
    found, blind = narrowed([(Rows((0.02, 0.02, 0.5), common=0.001), tests)], mutants)
    assert found["true", ""].margin == pytest.approx(0.005, rel=0.01)
    assert blind == {"true": ["weaker"]}


def test_mutants_on_paths_of_their_own():
    # the same part in another ensemble: the means are compared; no common part: margins of its own tests
    found, _ = narrowed([(Rows((0.0,)), [equal("true")]), (Rows((0.1,)), [equal("near")])], {"near": "true"})
    assert found["true", ""].margin == 0.01
    found, _ = narrowed([(Rows((0.0,)), [equal("true")]), (Rows((0.036,)), [equal("near")])], {"near": "true"})
    assert 0.003 < found["true", ""].margin < 0.009
    small = Rows((0.02,), common=0.01)
    found, _ = narrowed([(small, [equal("true", "a")]), (small, [equal("m", "c")])], {"m": "true"})
    assert found["true", "a"].margin == pytest.approx(0.01 * 0.02 / 0.01 / 4, rel=0.02)


def test_a_near_mutant_of_a_real_statement_narrows_its_margin():
    statements = {
        "true": Eq(E(normsq(s)), -E(div(s))),
        "near": Eq(E(normsq(s)), -E(div(s)) * Q(51, 50)),
        "far": Eq(E(normsq(s)), E(div(s))),
    }
    options = {"claim_id": "t", "seed": 1}
    alone = confront_many(statements, Static(), T1W, STANDING_PROCESS, **options)
    mutants = {"near": "true", "far": "true"}
    near = confront_many(statements, Static(), T1W, STANDING_PROCESS, mutants=mutants, **options)
    assert alone["true"].outcome == near["true"].outcome == "consistent"
    assert alone["true"].figures["margin is"] == "1/100 of the side"
    assert near["true"].figures["margin is"] == "a quarter of the distance to 'near'"
    # the mutant is wrong by two percent of the side: a quarter of that is half a percent of it
    ratio = float(near["true"].figures["margin"]) / float(alone["true"].figures["margin"])
    assert 0.3 < ratio <= 0.52
    assert near["near"].outcome == near["far"].outcome == "refuted"


def test_the_record_names_what_paths_do_not_tell_apart():
    statements = {"true": Ge(E(normsq(s)), 0), "again": Ge(E(normsq(s)), -1), "wrong": Le(E(normsq(s)), 0)}
    found = confront_many(
        statements, Static(), T3, STANDING_PROCESS, claim_id="t", seed=1, mutants={"again": "true", "wrong": "true"}
    )
    assert found["true"].figures["not told apart"] == "again"
    assert found["wrong"].outcome == "refuted"
