"""The peers of ``simulation.py``: naive NumPy, diffrax and torchsde, as users write it and at its best.

A peer is a function of nothing that moves ``paths`` paths and returns the end states. diffrax: one batched path,
``UnsafeBrownianPath`` (its fastest), compiled beforehand, the mean with a softmax and in the lean log-odds form of our
kernels. torchsde: ``BrownianInterval`` without a tree, on the line with additive noise. All in double precision on one
thread, from y = 0 in localisation coordinates where the library allows it.
"""

from __future__ import annotations

import math
import os
from importlib.util import find_spec

SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu",
          "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}  # fmt: skip
for variable, value in SINGLE.items():
    os.environ.setdefault(variable, value)  # before any of them is imported

import numpy as np


def missing(*names):
    """Those of the libraries that are not installed."""
    return [name for name in names if find_spec(name) is None]


def parts(data):
    """Weights (K,), means (K, D), variances (K,) of a mixture with isotropic components."""
    return (np.array(data.weights), np.array(data.means), np.array([cov[0][0] for cov in data.covs]))


def squared_score(data, last):
    """E|s|^2 at the end, by the trapezoidal rule."""
    w, m, c = parts(data)
    v = c + 1 / last
    x = np.linspace(-12, 12, 200_001)[:, None]
    p = w * np.exp(-((x - m[:, 0]) ** 2) / (2 * v)) / np.sqrt(2 * math.pi * v)
    total = np.maximum(p.sum(axis=1), 1e-300)
    return float(np.trapezoid((p * (x - m[:, 0]) / v).sum(axis=1) ** 2 / total, x[:, 0]))


def naive_score(data):
    """The score of X_t = X_0 + sigma eps, as one writes it down: arrays (n, K, D) and scipy's logsumexp."""
    from scipy.special import logsumexp

    w, m, c = parts(data)

    def score(x, sigma):
        v = c + sigma**2
        away = x[:, None, :] - m
        logs = np.log(w) - 0.5 * m.shape[1] * np.log(v) - (away**2).sum(axis=2) / (2 * v)
        r = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        return -(r[:, :, None] * away / v[None, :, None]).sum(axis=1)

    return score


def naive_euler(data, first, last, steps, paths, seed):
    """Anderson's reverse SDE in equal steps of log sigma from the Gaussian of the right mean and variance."""
    rng, score = np.random.default_rng(seed), naive_score(data)
    w, m, c = parts(data)
    mean = w @ m
    spread = np.sqrt((w @ ((m - mean) ** 2 + c[:, None])) + first**2)
    x, h = mean + spread * rng.standard_normal((paths, m.shape[1])), math.log(first / last) / steps
    for i in range(steps):
        sigma = first * math.exp(-h * i)
        x = x + h * 2 * sigma**2 * score(x, sigma) + math.sqrt(2 * h) * sigma * rng.standard_normal(x.shape)
    return x


def _jax_mean(data, lean):
    import jax
    import jax.numpy as jnp

    w, m, c = (jnp.array(v) for v in parts(data))
    K, D = m.shape
    r = int(np.argmax(parts(data)[2]))
    others = [k for k in range(K) if k != r]

    def weights(y, eta):
        q = 1 / (1 + eta * c)
        logs = jnp.log(w) + 0.5 * D * jnp.log(q) + q * (m @ y - 0.5 * eta * (m * m).sum(1) + 0.5 * c * (y @ y))
        return q, logs

    def softmax(y, eta):
        q, logs = weights(y, eta)
        return (jax.nn.softmax(logs) * q) @ (m + c[:, None] * y)

    def odds(y, eta):
        q = 1 / (1 + eta * c)
        constant = jnp.log(w) + 0.5 * D * jnp.log(q) - 0.5 * q * eta * (m * m).sum(1)
        square = y @ y
        e = [jnp.exp(constant[k] - constant[r] + (q[k] * m[k] - q[r] * m[r]) @ y
                     + 0.5 * (q[k] * c[k] - q[r] * c[r]) * square) for k in others]  # fmt: skip
        top = q[r] * (m[r] + c[r] * y) + sum(v * q[k] * (m[k] + c[k] * y) for v, k in zip(e, others, strict=True))
        return top / (1 + sum(e))

    def pair(y, eta):  # two atoms
        half = (m[1] - m[0]) / 2
        return (m[0] + m[1]) / 2 + half * jnp.tanh(half @ (y - eta * (m[0] + m[1]) / 2) + 0.5 * jnp.log(w[1] / w[0]))

    if not lean:
        return jax.vmap(softmax, (0, None))
    return jax.vmap(pair if K == 2 and not parts(data)[2].any() else odds, (0, None))


def diffrax_run(data, solver, lean, last, steps, paths):
    """A compiled solver of dy = D d eta + dW from y = 0; ``solver`` is a name of diffrax."""
    import diffrax
    import jax
    import jax.numpy as jnp
    import lineax

    jax.config.update("jax_enable_x64", True)
    mean, D = _jax_mean(data, lean), data.D
    levy = diffrax.BrownianIncrement if solver == "Euler" else diffrax.SpaceTimeLevyArea
    one = lineax.DiagonalLinearOperator(jnp.ones(paths * D))

    def all_paths(key):
        path = diffrax.UnsafeBrownianPath(shape=(paths * D,), key=key, levy_area=levy)
        terms = diffrax.MultiTerm(
            diffrax.ODETerm(lambda t, y, args: mean(y.reshape(paths, D), t).reshape(-1)),
            diffrax.ControlTerm(lambda t, y, args: one, path),
        )
        return diffrax.diffeqsolve(
            terms, getattr(diffrax, solver)(), 0.0, last, last / steps, jnp.zeros(paths * D), max_steps=steps + 1,
            stepsize_controller=diffrax.ConstantStepSize(), adjoint=diffrax.ForwardMode(),
            saveat=diffrax.SaveAt(t1=True),
        ).ys  # fmt: skip

    compiled, key = jax.jit(all_paths), jax.random.key(1)
    compiled(key).block_until_ready()
    return lambda: np.asarray(compiled(key).block_until_ready()).reshape(paths, D)


def torchsde_run(data, method, last, steps, paths):
    """``torchsde.sdeint`` of the same; ``method`` is euler or srk."""
    import torch
    import torchsde

    torch.set_num_threads(1)
    w, m, c = (torch.tensor(v) for v in parts(data))
    D = data.D

    class Reverse(torch.nn.Module):
        # additive noise is the faster form on the line; in more dimensions its matrices (n, D, D) are slower
        noise_type, sde_type = ("additive" if D == 1 else "diagonal"), "ito"

        def f(self, t, y):
            q = 1 / (1 + t * c)
            logs = torch.log(w) + 0.5 * D * torch.log(q) + q * (
                y @ m.T - 0.5 * t * (m * m).sum(1) + 0.5 * c * (y * y).sum(1, keepdim=True))  # fmt: skip
            r = torch.softmax(logs, dim=1) * q
            return r @ m + (r @ c)[:, None] * y

        def g(self, t, y):
            return torch.ones((paths, 1, 1) if D == 1 else (paths, D), dtype=y.dtype)

    times, start = torch.tensor([0.0, last], dtype=torch.float64), torch.zeros((paths, D), dtype=torch.float64)

    def run():
        with torch.no_grad():
            noise = torchsde.BrownianInterval(
                0.0, last, size=(paths, D), dtype=torch.float64,
                levy_area_approximation="space-time" if method == "srk" else "none",
            )  # fmt: skip
            return torchsde.sdeint(Reverse(), start, times, bm=noise, dt=last / steps, method=method)[-1].numpy()

    return run
