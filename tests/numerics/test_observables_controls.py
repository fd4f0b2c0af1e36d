"""Controls have mean zero by construction, also when they are built for the wrong law; and they pay."""

from __future__ import annotations

import math

import numpy as np
import pytest

from numerics.estimates import control_weights, controlled
from numerics.functionals import SquaredScore
from numerics.mixtures import Mixture
from numerics.observables.along import Along
from numerics.observables.controls import Displacement, Guided, Sums, hermite
from numerics.observables.divergence import path_divergence
from numerics.observables.experiment import run
from numerics.observables.observable import Reader, extrapolate
from numerics.observables.precision import precision
from numerics.observables.quasi import modes, run_sobol, sobol_paths
from numerics.observables.registry import wider
from numerics.observables.targets import expectation
from numerics.observables.walks import literal, localised
from numerics.schedules import VE_PROCESS
from numerics.sde.grids import Grid, information_grid
from numerics.sde.schemes import ONE_EVALUATION, SRA_1
from numerics.sequential import Outcome


def line(weights, means, sds):
    return Mixture(tuple(weights), tuple((float(m),) for m in means), tuple(((float(s) ** 2,),) for s in sds))


TWO = line((0.5, 0.5), (-1, 1), (0, 0))
GRID = information_grid(TWO, 4.0, 32)


@pytest.mark.parametrize("strength", [1.0, 1.7])
@pytest.mark.parametrize("law", [TWO, line((0.2, 0.8), (-3, 0.3), (0.5, 0.1))])
def test_controls_have_mean_zero_even_for_the_wrong_law_and_the_wrong_drift(law, strength):
    walk = localised(TWO, GRID, SRA_1, strength=strength, levels=1)
    drawing = walk.draw(1 << 15, np.random.default_rng(5))
    controls = (Displacement(), Sums(), Guided(SquaredScore(), law, GRID.nodes))
    rows = np.array([row for control in controls for row in control.read(drawing)])
    z = rows.mean(axis=1) / rows.std(axis=1) * math.sqrt(rows.shape[1])
    assert np.abs(z).max() < 4.5


def test_controls_of_a_drawn_start_have_mean_zero():
    drawing = literal(TWO, VE_PROCESS, 3.0, 0.5, 16, levels=1).draw(1 << 15, np.random.default_rng(6))
    rows = np.array([*Displacement().read(drawing), *Sums().read(drawing)])
    assert len(rows) == 4 + 2 + 3
    assert np.abs(rows.mean(axis=1) / rows.std(axis=1)).max() * math.sqrt(1 << 15) < 4.5


def test_hermite_polynomials_are_those_of_probability():
    z = np.array([-1.5, 0.0, 2.0])
    assert np.allclose(hermite(z, 4), [z, z**2 - 1, z**3 - 3 * z, z**4 - 6 * z**2 + 3])


def test_guided_controls_take_off_all_but_a_hundredth_of_the_variance():
    walk = localised(TWO, GRID, SRA_1, levels=3)
    target = expectation(TWO, 4.0, SquaredScore().terminal)
    reader = Reader(
        walk, (Along(SquaredScore()),), (target,), (Displacement(), Guided(SquaredScore(), TWO, GRID.nodes))
    )
    pilot, seen = (reader.observe((0,), 1 << 13, np.random.default_rng(k)) for k in (1, 2))
    left = controlled(seen.values, seen.controls, control_weights(pilot.values, pilot.controls))
    assert left.var() < seen.values.var() / 80
    assert abs(left.mean()) < 5 * left.std() / math.sqrt(1 << 13) + 1e-3


def test_richardson_kills_an_error_of_its_order():
    exact, error = 3.0, 0.1
    rows = [np.array([exact + error * 4.0**k]) for k in range(3)]
    value, bias = extrapolate(rows, 2, True)
    assert value == pytest.approx(exact)
    assert bias == pytest.approx(0.0, abs=1e-12)
    value, bias = extrapolate(rows, 2, False)
    assert value[0] == rows[0][0]
    assert bias == pytest.approx(exact - rows[0])
    assert extrapolate(rows[:1], 2, True)[1] == pytest.approx(0.0)


def test_the_modes_make_a_brownian_motion():
    grid = Grid((0.0, 0.1, 0.15, 0.9, 2.0))
    mixing = modes(grid)
    assert np.allclose(mixing @ mixing.T, np.diag(grid.widths), atol=1e-12)
    assert (np.abs(mixing[:, 0].sum()) > np.abs(mixing[:, 1:].sum(axis=0))).all()


@pytest.mark.parametrize("scheme", [SRA_1, ONE_EVALUATION])
def test_sobol_points_give_the_same_averages_sharper(scheme):
    experiment = precision(TWO, wider(TWO), steps=16, scheme=scheme, margin=0.03)
    record = run_sobol(experiment, seed=4, points=1 << 10)
    for line_ in record.lines:
        assert abs(line_.value - line_.target) <= line_.radius + line_.bias
        assert line_.outcome is not Outcome.REFUTED
    false = run_sobol(precision(TWO, wider(TWO), steps=16, scheme=scheme, margin=0.01, strength=1.3), seed=4,
                      points=1 << 10)  # fmt: skip
    assert false.outcome is Outcome.REFUTED


def test_sobol_points_refuse_what_they_cannot_drive():
    with pytest.raises(ValueError, match="powers of 2"):
        sobol_paths(localised(TWO, GRID, SRA_1), 1000, np.random.default_rng(0))
    with pytest.raises(ValueError, match="start from a point"):
        sobol_paths(literal(TWO, VE_PROCESS, 3.0, 0.5, 8), 1024, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least 16"):
        run_sobol(precision(TWO, wider(TWO)), seed=0, randomisations=4)


def test_the_path_divergence_is_decided_sharply_and_the_half_matters():
    walk = localised(TWO, information_grid(TWO, 4.0, 32), SRA_1, levels=3)
    other = line((0.5, 0.5), (-1.2, 0.9), (0.3, 0.3))
    true = run(path_divergence(walk, other, margin=4e-3), seed=2, max_paths=1 << 18)
    assert true.outcome is Outcome.EQUIVALENT
    assert run(path_divergence(walk, other, factor=2.0), seed=2, max_paths=1 << 15).outcome is Outcome.REFUTED
