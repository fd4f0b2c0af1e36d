"""Experiments accept what is true, refute what is false, and say when they cannot know."""

from __future__ import annotations

import json
import math
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from numerics.mixtures import Mixture
from numerics.observables.branching import THRESHOLD, Flips, commitment, symmetric_point
from numerics.observables.calibration import calibration, hats_at
from numerics.observables.distribution import Distances, radius, run_distances
from numerics.observables.entropies import pathwise_entropies
from numerics.observables.experiment import Check, Experiment, paths_to_decide, run
from numerics.observables.fields import BALANCE, X2, X_SCORE
from numerics.observables.ito import ITO, STRATONOVICH, ito_identity, ito_rate
from numerics.observables.marginals import marginals
from numerics.observables.observable import Level
from numerics.observables.precision import precision
from numerics.observables.registry import AS_STATED, EXPERIMENTS, Range, decide_experiment, experiment
from numerics.observables.regression import kernel_regression
from numerics.observables.thermodynamics import (
    TotalRatio,
    entropy_production,
    information_fluctuation,
    total_fluctuation,
)
from numerics.observables.walks import Channel, Flowed, literal, localised, marks_at
from numerics.schedules import VP_PROCESS, OutOfRangeError, process_of
from numerics.sde.grids import information_grid, log_snr
from numerics.sde.schemes import EULER_MARUYAMA, SRA_1
from numerics.sequential import Outcome
from theory.processes import edm

EDM = process_of(edm())
EQUIVALENT, REFUTED, UNDECIDED = Outcome.EQUIVALENT, Outcome.REFUTED, Outcome.UNDECIDED


def line(weights, means, sds):
    return Mixture(tuple(weights), tuple((float(m),) for m in means), tuple(((float(s) ** 2,),) for s in sds))


TWO = line((0.5, 0.5), (-1, 1), (0, 0))
MIX3 = line((0.3, 0.45, 0.25), (-2, 0.5, 2), (0.15, 0.3, 0.2))
RANGE = Range(TWO, EDM, 5.0, 0.4)
IDENTITY8 = tuple(tuple(0.09 * (i == j) for j in range(8)) for i in range(8))
EIGHT = Mixture(
    (0.3, 0.3, 0.4), ((1.0,) + (0.0,) * 7, (-1.0, 1.0) + (0.0,) * 6, (0.0, 0.0, 1.5) + (0.0,) * 5), (IDENTITY8,) * 3
)


def test_every_experiment_and_variant_is_inert_data_with_a_json_record():
    for name, entry in EXPERIMENTS.items():
        for variant in (AS_STATED, *entry.false):
            thing = experiment(name, RANGE, variant)
            assert pickle.loads(pickle.dumps(thing)).name == thing.name
            assert variant == AS_STATED or variant in thing.name


def test_the_record_repeats_the_run_and_holds_decimal_strings():
    thing = kernel_regression(TWO, EDM, 5.0, 0.4, margin=0.02)
    records = [run(thing, seed=9, max_paths=1 << 16) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        records.append(run(thing, seed=9, max_paths=1 << 16, executor=pool))
    texts = {record.dumps() for record in records}
    assert len(texts) == 1
    parsed = json.loads(texts.pop())
    assert parsed["version"] == 1
    assert parsed["seed"] == 9
    assert parsed["setting"]["walk"]["kind"] == "Channel"
    check = parsed["checks"][0]
    assert check["outcome"] == "equivalent"
    assert all(isinstance(check[key], str) for key in ("value", "target", "radius", "bias", "margin", "effective"))
    assert "numpy" in parsed["versions"]


def test_marginals_hold_literally_and_in_localisation_coordinates_and_along_the_flow():
    fields = (X2, X_SCORE, BALANCE)
    grid = log_snr(1 / 25, 6.25, 64, origin=False)
    for walk in (
        literal(TWO, EDM, 5.0, 0.4, 32),
        localised(TWO, information_grid(TWO, 6.25, 32), SRA_1),
        localised(TWO, grid, SRA_1, lam=0.5),
        Flowed(TWO, (5.0, 1.0, 0.4)),
        Channel(TWO, (0.04, 1.0, 6.25)),
        literal(TWO, EDM, 5.0, 0.4, 64, scheme=EULER_MARUYAMA, levels=3, clocked=False),
    ):
        record = run(marginals(walk, at=(1.0,), fields=fields, margin=0.1), seed=3, max_paths=1 << 15)
        assert record.outcome is not REFUTED, str(record)
        assert sum(one.outcome is EQUIVALENT for one in record.lines) >= 2, str(record)
    false = localised(TWO, grid, SRA_1, lam=0.5, strength=1.2)
    assert run(marginals(false, fields=fields), seed=3, max_paths=1 << 16).outcome is REFUTED


def test_a_process_that_shrinks_the_data_has_the_same_marginals():
    walk = literal(MIX3, VP_PROCESS, 0.97, 0.4, 48)
    record = run(marginals(walk, fields=(X2, BALANCE), margin=0.05), seed=4, max_paths=1 << 17)
    assert record.outcome is EQUIVALENT, str(record)


def test_above_two_dimensions_exact_moments_and_identities_remain():
    walk = localised(EIGHT, log_snr(0.1, 9.0, 8), SRA_1)
    thing = marginals(walk, at=(1.0,), margin=0.05, sharp=False)
    assert {check.statement.split(",")[0] for check in thing.checks} >= {"x", "|x|^2", "x.s"}
    assert run(thing, seed=1, max_paths=1 << 15).outcome is EQUIVALENT


@pytest.mark.parametrize("data", [MIX3, EIGHT])
def test_the_kernel_regression_sees_one_per_cent_of_the_drift_in_any_dimension(data):
    true = run(kernel_regression(data, EDM, 20.0, 0.2, margin=5e-3), seed=1, max_paths=1 << 19)
    assert true.outcome is EQUIVALENT
    assert run(kernel_regression(data, EDM, 20.0, 0.2, factor=1.01), seed=1, max_paths=1 << 20).outcome is REFUTED


def test_the_plane_has_targets_by_quadrature_and_the_flow_keeps_them():
    plane = Mixture((0.4, 0.6), ((1.0, 0.0), (-1.0, 0.5)), (((0.2, 0.1), (0.1, 0.3)), ((0.1, 0.0), (0.0, 0.1))))
    thing = marginals(Flowed(plane, (3.0, 0.6)), at=(1.0,), fields=(X2, BALANCE), margin=0.1)
    assert run(thing, seed=1, max_paths=1 << 14).outcome is EQUIVALENT


def test_the_kernel_regression_has_no_step_error():
    values = [run(kernel_regression(TWO, EDM, 5.0, 0.4, steps=n), seed=2, max_paths=1 << 17).lines[0] for n in (1, 4)]
    for found in values:
        assert abs(found.value) < found.radius


def test_posteriors_are_calibrated_along_the_reverse_sde_alone():
    true = run(calibration(localised(TWO, information_grid(TWO, 9.0, 8), SRA_1), margin=0.05), seed=5)
    assert true.outcome is EQUIVALENT, str(true)
    false = calibration(literal(TWO, EDM, 5.0, 0.4, 32, lam=0.3))
    assert run(false, seed=5, max_paths=1 << 18).outcome is REFUTED


def test_bins_add_up_to_one():
    r = np.linspace(0, 1, 101)
    assert np.allclose(sum(hats_at(r)), 1.0)


def test_pathwise_entropies_drift_vary_and_peak_as_stated():
    walk = localised(TWO, information_grid(TWO, 9.0, 32), SRA_1, levels=3)
    exact = Channel(TWO, log_snr(0.05, 9.0, 32, origin=False).nodes, 3)
    for paths, least in ((walk, 9), (exact, 15)):  # a path that flips when refined makes the step bias of Phi rare
        true = run(pathwise_entropies(paths, margin=0.03), seed=6, max_paths=1 << 16)
        assert true.outcome is not REFUTED, str(true)
        assert sum(found.outcome is EQUIVALENT for found in true.lines) >= least, str(true)
    for false in (
        pathwise_entropies(walk, drift=1.0), pathwise_entropies(walk, variation=1.0),
        pathwise_entropies(walk, misplaced=True),
    ):  # fmt: skip
        assert run(false, seed=6, max_paths=1 << 14).outcome is REFUTED


def test_the_ito_residual_vanishes_in_mean_and_at_the_right_rate():
    etas = log_snr(1 / 9, 4.0, 64, origin=False).nodes
    assert run(ito_identity(Channel(TWO, etas, 3), margin=0.02), seed=7, max_paths=1 << 16).outcome is EQUIVALENT
    assert run(ito_identity(Channel(TWO, etas, 3), drift=1.1), seed=7, max_paths=1 << 15).outcome is REFUTED
    for rule, right, wrong in ((STRATONOVICH, 1.0, 0.5), (ITO, 0.5, 1.0)):
        assert run(ito_rate(Channel(TWO, etas), rule, right), seed=7, max_paths=1 << 18).outcome is EQUIVALENT
        assert run(ito_rate(Channel(TWO, etas), rule, wrong), seed=7, max_paths=1 << 16).outcome is REFUTED


def test_entropy_production_along_paths_is_that_of_the_ends():
    levels = tuple(0.95 * (0.4 / 0.95) ** (i / 32) for i in range(33))
    walk = literal(TWO, VP_PROCESS, 0.95, 0.4, 32, levels=3)
    true = run(entropy_production(walk, VP_PROCESS, levels, margin=0.03), seed=8, max_paths=1 << 17)
    assert true.outcome is EQUIVALENT, str(true)
    false = entropy_production(walk, VP_PROCESS, levels, factor=1.0)
    assert run(false, seed=8, max_paths=1 << 14).outcome is REFUTED


def test_fluctuation_theorems_hold_where_normal_theory_does():
    assert run(total_fluctuation(TWO, 0.7, 0.72), seed=1).outcome is EQUIVALENT
    assert run(total_fluctuation(TWO, 0.7, 0.72, sign=-1.0), seed=1).outcome is REFUTED
    assert run(information_fluctuation(TWO, 2.0), seed=1).outcome is EQUIVALENT


def test_heavy_tails_are_undecided_with_the_warning_and_a_plain_interval_would_be_wrong():
    wide = total_fluctuation(TWO, math.sqrt(0.3), math.sqrt(0.8))
    record = run(wide, seed=1, max_paths=1 << 15)
    assert record.outcome is UNDECIDED
    assert "variance" in record.lines[0].reason
    assert "heavy tails" in run(information_fluctuation(TWO, 0.4), seed=1, max_paths=1 << 15).lines[0].reason
    missed = 0
    for k in range(100):  # intervals that are stated to miss once in 1,000
        path = wide.walk.draw(4000, np.random.default_rng(k)).levels[0]
        row = TotalRatio().read(path)[0]
        missed += abs(row.mean() - 1) > 3.29 * row.std(ddof=1) / math.sqrt(len(row))
    assert missed >= 5


def test_paths_commit_when_and_where_optional_stopping_says():
    walk = localised(TWO, information_grid(TWO, 16.0, 16), SRA_1)
    true = run(commitment(walk, margin=0.03), seed=9, max_paths=1 << 17)
    assert true.outcome is EQUIVALENT, str(true)
    assert 0.5 < THRESHOLD < 1
    assert run(commitment(literal(TWO, EDM, 5.0, 0.3, 32, lam=0.3)), seed=9, max_paths=1 << 15).outcome is REFUTED


def test_flips_under_refinement_fall_with_the_strong_order():
    grid = information_grid(MIX3, 25.0, 64)
    euler = Flips(localised(MIX3, grid, EULER_MARUYAMA, levels=3)).fractions(1 << 14, np.random.default_rng(1))
    better = Flips(localised(MIX3, grid, SRA_1, levels=3)).fractions(1 << 14, np.random.default_rng(1))
    assert 1.4 < euler[1] / euler[0] < 3
    assert better[0] < euler[0] / 3


@pytest.mark.parametrize(("first", "last"), [(3.0, 1.2), (0.8, 0.3)])
def test_the_symmetric_point_is_held_by_the_flow_and_left_by_the_sde(first, last):
    flow, sde = (literal(TWO, EDM, first, last, 32, lam=lam) for lam in (0.0, 1.0))
    assert run(symmetric_point(flow, stays=True), seed=1).lines[0].value == 0.0
    assert run(symmetric_point(sde, stays=True), seed=1, max_paths=1 << 14).outcome is REFUTED
    left = run(symmetric_point(sde, stays=False, margin=0.03), seed=1, max_paths=1 << 18)
    assert left.lines[0].outcome is EQUIVALENT, str(left)
    assert run(symmetric_point(flow, stays=False), seed=1, max_paths=1 << 14).outcome is REFUTED


def test_a_law_without_a_symmetric_point_is_refused():
    with pytest.raises(ValueError, match="no symmetric point"):
        symmetric_point(literal(MIX3, EDM, 3.0, 1.0, 16), stays=True)


def test_the_distribution_is_decided_by_a_bound_without_a_limit_theorem():
    true = Distances("d", Channel(MIX3, (0.1, 4.0)), margin=0.02)
    record = run_distances(true, seed=1)
    assert record.outcome is EQUIVALENT
    assert record.lines[0].paths < 1 << 19
    false = Distances("d", localised(MIX3, information_grid(MIX3, 4.0, 16), SRA_1, strength=1.2), margin=0.005)
    assert run_distances(false, seed=1, max_paths=1 << 17).outcome is REFUTED
    with ThreadPoolExecutor(2) as pool:
        assert run_distances(true, seed=1, executor=pool).dumps() == record.dumps()
    assert sum(2 * math.exp(-2 * 1000 * radius(1000, 1e-3, k) ** 2) for k in range(1, 2000)) < 1e-3


def test_true_experiments_are_not_refuted_at_the_stated_rate():
    share, thing = 0.05, kernel_regression(TWO, EDM, 5.0, 0.4, margin=1e-9)
    refuted = sum(run(thing, seed=k, share=share, max_paths=1 << 14).outcome is REFUTED for k in range(40))
    assert refuted <= 8  # of 40 at a rate of at most 1/20: more has a chance below 1/1000


def test_power_is_foreseen_from_the_pilot():
    (true,) = paths_to_decide(kernel_regression(MIX3, EDM, 20.0, 0.1))
    (slight,) = paths_to_decide(kernel_regression(MIX3, EDM, 20.0, 0.1, factor=1.01))
    (gross,) = paths_to_decide(kernel_regression(MIX3, EDM, 20.0, 0.1, factor=2.0))
    assert (true.outcome, slight.outcome, gross.outcome) == ("equivalent", "refuted", "refuted")
    assert gross.paths < 1000 < slight.paths < 2e5 < true.paths < 2e6
    (heavy,) = paths_to_decide(total_fluctuation(TWO, 0.5, 0.9))
    assert heavy.paths == math.inf


def test_bad_input_is_one_sentence():
    with pytest.raises(ValueError, match="there are marginals"):
        experiment("nothing", RANGE)
    with pytest.raises(ValueError, match="has no variant"):
        experiment("marginals", RANGE, "of the year")
    with pytest.raises(ValueError, match="fall from first to last"):
        Range(TWO, EDM, 0.4, 5.0)
    with pytest.raises(ValueError, match="at least two components"):
        pathwise_entropies(Channel(line((1.0,), (0.0,), (1.0,)), (1.0, 2.0)))
    with pytest.raises(ValueError, match="on the line"):
        precision(EIGHT, EIGHT)
    with pytest.raises(OutOfRangeError):
        literal(TWO, VP_PROCESS, 3.0, 0.4, 16)
    with pytest.raises(ValueError, match="one check"):
        Experiment("e", Channel(TWO, (1.0, 2.0)), (Level(X2),), ())
    with pytest.raises(ValueError, match="margin above 0"):
        Check("s", "", 0.0, 0.0)
    with pytest.raises(ValueError, match="strides"):
        Channel(TWO, (1.0, 2.0), 2)


def test_an_experiment_of_each_name_runs():
    for name in ("information fluctuation", "kernel regression", "distribution"):
        record = decide_experiment(experiment(name, RANGE), seed=1, max_paths=1 << 14)
        assert record.outcome is not REFUTED
        assert name in str(record)


@pytest.mark.parametrize("name", ["marginals, family", "marginals, flow", "distribution", "path divergence"])
def test_false_variants_of_the_registry_are_refuted(name):
    for variant in EXPERIMENTS[name].false:
        record = decide_experiment(experiment(name, RANGE, variant), seed=2, max_paths=1 << 15)
        assert record.outcome is REFUTED, f"{variant}: {record}"


def test_marks_are_counted_on_the_coarsest_grid():
    walk = localised(TWO, log_snr(0.1, 4.0, 16), SRA_1, levels=3)
    drawing = walk.draw(4, np.random.default_rng(0))
    assert marks_at(walk, (0.5, 1.0)) == (2, 4)
    for path in drawing.levels:
        assert path.etas[path.node(2)] == walk.eta(2)
        assert path.etas[path.node(-1)] == walk.eta(-1) == 4.0
        assert path.etas[path.node(-2)] == walk.eta(-2)
