"""What no path has met: rare components of the law, and events of an observable that may jump."""

from dataclasses import dataclass

import numpy as np

from numerics.mixtures import mixture_of
from numerics.observables.registry import Range, decide_experiment, experiment
from numerics.paths.decide import Observed, Test, run_tests
from numerics.paths.ensembles import rarest_of
from numerics.schedules import process_of
from numerics.sequential import Outcome
from theory.laws import parse_law
from theory.processes import parse_process


def _range(law, first, last):
    return Range(mixture_of(parse_law(law)), process_of(parse_process("edm")), first, last)


def test_a_true_moment_ruled_by_a_component_that_no_path_has_met_is_not_refuted():
    at = _range("mixture(999999/1000000: N(0, 1), 1/1000000: N(1000, 1))", 3.0, 0.5)
    record = decide_experiment(experiment("marginals, localised", at), seed=1, max_paths=1 << 15)
    assert record.outcome is Outcome.UNDECIDED


def test_alike_components_stand_in_for_each_other():
    assert rarest_of((0.001,) * 1000) == 1.0
    assert rarest_of((0.1, 0.9)) == 1.0
    assert rarest_of((1e-6, 1 - 1e-6)) == 1e-6


@dataclass(frozen=True)
class _Event:
    chance: float

    def observe(self, wanted, count, rng):
        hit = rng.random(count) < self.chance
        return Observed(np.where(hit, 1 / self.chance, 0.0)[None], np.zeros((1, count)), np.zeros((0, count)))


def test_an_event_that_no_path_has_met_is_not_taken_for_a_constant():
    test = Test("mean 1, not 0", "", "=", 0.01)
    (result,) = run_tests(_Event(1e-9), [test], seed=0, claim_id="", experiment="", share=1e-6, max_paths=1 << 15)
    assert result.decision.outcome is Outcome.UNDECIDED


def test_the_inverse_ratio_is_told_apart_where_little_entropy_is_produced():
    at = _range("mixture(9/10: N(0, 4), 1/10: N(5, 1/4))", 8.0, 0.5)
    said = [
        decide_experiment(experiment("total fluctuation", at, variant), seed=0).outcome
        for variant in ("as stated", "the inverse ratio")
    ]
    assert said == [Outcome.EQUIVALENT, Outcome.REFUTED]
