"""The battery refutes every gross error of the reverse drift by at least three statistics, and one per cent of it."""

from __future__ import annotations

import pytest

from numerics.mixtures import Mixture
from numerics.observables.battery import GROSS, SLIGHT, TRUE, battery, refuting
from numerics.schedules import VP_PROCESS, process_of
from numerics.sequential import Outcome
from theory.processes import edm

EDM = process_of(edm())
MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.15**2,),), ((0.3**2,),), ((0.2**2,),)))


@pytest.mark.parametrize("dynamics", GROSS, ids=lambda d: d.name)
def test_a_gross_error_is_refuted_by_three_statistics_on_one_chunk(dynamics):
    records = battery(MIX3, EDM, 20.0, 0.1, dynamics).run(seed=11)
    assert len(refuting(records)) >= 4, refuting(records)


def test_one_per_cent_of_the_drift_is_refuted_by_the_regression_alone():
    records = battery(MIX3, EDM, 20.0, 0.1, SLIGHT).run(seed=11)
    assert records[0].outcome is Outcome.REFUTED
    assert len(refuting(records)) == 1


@pytest.mark.parametrize(("process", "first", "last"), [(EDM, 20.0, 0.1), (VP_PROCESS, 0.9, 0.4)])
def test_the_truth_is_not_refuted_and_the_regression_accepts_it(process, first, last):
    records = battery(MIX3, process, first, last, TRUE).run(seed=12)
    assert refuting(records) == ()
    assert records[0].outcome is Outcome.EQUIVALENT
