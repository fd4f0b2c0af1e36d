"""Our schemes against diffrax, an integrator no one here wrote, on the same Brownian path."""

import math

import numpy as np
import pytest

from numerics.mixtures import Mixture
from numerics.sde.fused_walks import euler_walk
from numerics.sde.grids import information_grid
from numerics.sde.noise import draws
from numerics.sde.posterior import Posterior
from numerics.sde.problems import Localised
from numerics.sde.schemes import EULER_MARUYAMA, SRA_1, STOCHASTIC_HEUN

diffrax = pytest.importorskip("diffrax", reason="the oracle is not installed; pip install 'infodyn[oracle]'")
jax = pytest.importorskip("jax")
jnp = jax.numpy

MIX3 = Mixture((0.3, 0.45, 0.25), ((-2.0,), (0.5,), (2.0,)), (((0.15**2,),), ((0.3**2,),), ((0.2**2,),)))
GRID = information_grid(MIX3, 100.0, 32)
PATHS = 64


@pytest.fixture(autouse=True)
def _double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def stored_path(W, H):
    """The Brownian path of stored increments W and areas H, each (steps, paths), as diffrax asks for it."""
    nodes = jnp.array(GRID.nodes)

    class Stored(diffrax.AbstractBrownianPath):
        W: object
        H: object
        levy_area: type = diffrax.SpaceTimeLevyArea

        @property
        def t0(self):
            return GRID.nodes[0]

        @property
        def t1(self):
            return GRID.nodes[-1]

        def evaluate(self, t0, t1=None, left=True, use_levy=False):
            step = jnp.argmin(jnp.abs(nodes[:-1] - t0))
            if use_levy:
                return diffrax.SpaceTimeLevyArea(dt=t1 - t0, W=self.W[step], H=self.H[step])
            return self.W[step]

    return Stored(W, H)


def posterior_mean(y, eta):
    """E[X_0 | y], as one writes it down in jax; y is (paths,)."""
    w = jnp.array(MIX3.weights)[:, None]
    m = jnp.array(MIX3.means)
    c = jnp.array([cov[0][0] for cov in MIX3.covs])[:, None]
    logs = jnp.log(w) - 0.5 * jnp.log(1 + eta * c) + m * y / (1 + eta * c)
    logs += 0.5 * (c * y**2 - eta * m**2) / (1 + eta * c)
    r = jax.nn.softmax(logs, axis=0)
    return (r * (m + c * y) / (1 + eta * c)).sum(axis=0)


def oracle(solver, noises):
    """The trajectory of diffrax, (33, paths)."""
    import lineax

    W = jnp.array([noise.W[:, 0] for noise in noises])
    H = jnp.array([noise.second[:, 0] for noise in noises])
    one = lineax.DiagonalLinearOperator(jnp.ones(PATHS))
    terms = diffrax.MultiTerm(
        diffrax.ODETerm(lambda t, y, args: posterior_mean(y, t)),
        diffrax.ControlTerm(lambda t, y, args: one, stored_path(W, H)),
    )
    solution = diffrax.diffeqsolve(
        terms, solver, GRID.nodes[0], GRID.nodes[-1], None, jnp.zeros(PATHS), adjoint=diffrax.ForwardMode(),
        stepsize_controller=diffrax.StepTo(jnp.array(GRID.nodes)), saveat=diffrax.SaveAt(t0=True, steps=True),
        max_steps=32,
    )  # fmt: skip
    return np.array(solution.ys)[:33]


CASES = {"Euler": (EULER_MARUYAMA, "Euler"), "Heun": (STOCHASTIC_HEUN, "Heun"), "SRA1": (SRA_1, "SRA1")}


@pytest.mark.parametrize("name", CASES)
def test_the_same_brownian_path_gives_the_same_trajectory(name):
    scheme, theirs = CASES[name]
    noises = list(draws("W,H", GRID, PATHS, 1, np.random.default_rng(1)))
    ours = np.array([state[:, 0] for state in scheme.walk(Localised(MIX3), GRID, np.zeros((PATHS, 1)), noises)])
    found = oracle(getattr(diffrax, theirs)(), noises)
    assert found.shape == ours.shape
    assert np.abs(found - ours).max() <= 1e-12 * np.abs(ours).max()


def test_the_fused_walk_too():
    noises = list(draws("W,H", GRID, PATHS, 1, np.random.default_rng(2)))
    walked = euler_walk(Localised(MIX3), GRID, np.zeros((PATHS, 1)), noises)
    ours = np.array([state[:, 0] for _, state in walked])
    assert np.abs(oracle(diffrax.Euler(), noises) - ours).max() <= 1e-12 * np.abs(ours).max()


def test_the_oracle_reads_the_same_drift():
    y = np.random.default_rng(3).standard_normal((PATHS, 1)) * math.sqrt(7.0)
    assert np.allclose(posterior_mean(jnp.array(y[:, 0]), 7.0), Posterior(MIX3).mean(y, 7.0)[:, 0], rtol=1e-13)


def test_another_path_gives_another_trajectory():
    first, second = (list(draws("W,H", GRID, PATHS, 1, np.random.default_rng(seed))) for seed in (4, 5))
    ours = np.array([s[:, 0] for s in SRA_1.walk(Localised(MIX3), GRID, np.zeros((PATHS, 1)), first)])
    assert np.abs(oracle(diffrax.SRA1(), second) - ours).max() > 1
