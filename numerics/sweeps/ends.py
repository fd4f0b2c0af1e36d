"""Variances of the pathwise conditional entropy of an end point with a density, on the line: double integrals.

With eps standard normal and x = alpha X_0 + sigma eps, and eta(X_0) = H(Z|X_0):

    Phi  = -log P(X_0|x) = -log p_0(X_0) + eps^2/2 + log(2 pi sigma^2)/2 + log p(x),
    h(x) = H(X_0|x) = sum_k r_k H(N(0, C_k)) + H(Z|x) - E[eta(X_0)|x],     C_k = S_k sigma^2/v_k,

the last because Z and x are independent given X_0. Var Phi is a sum over (X_0, eps) about the mean; for Var h the inner
average is taken component by component, X_0 = m_k(x) + C_k^(1/2) z. In both, the nodes with even indices in both
variables form the grid of twice the steps, whose difference from the whole is the error estimate.
"""

from __future__ import annotations

import numpy as np

from numerics.rings import Unsupported
from numerics.sweeps.line import UNDERFLOW, Estimate
from numerics.sweeps.noise import EPS, Array, Noise
from numerics.sweeps.parts import LOG_2PI, Line, Parts
from numerics.sweeps.windows import nodes, windows_of

NORMAL_REACH, NORMAL_STEP = 9.6, 0.36
CHUNK = 1 << 15
MOST = 20_000_000
HALVINGS = 3


def data_of(line: Line) -> Line:
    """The law of X_0 itself: alpha = 1 and no noise, one level."""
    one = np.ones(1)
    clean = Noise(one, one, 0 * one, 0 * one, one)
    return Line(line.weights, line.places, line.differences, line.spreads, line.spread_differences, clean)


def end_variance(line: Line, mean: Estimate, name: str) -> Estimate:
    """Var Phi ("variance-phi") or Var h ("variance-h") at every level; ``mean`` is H(X_0|X_t). Raises Unsupported."""
    data = data_of(line)
    start = float(windows_of(data, False).step[0])
    work = _phi if name == "variance-phi" else _entropy
    found = []
    for i in range(len(mean.value)):
        level = line.at(np.array([i]))
        step, middle, before = float(windows_of(level, False).step[0]), float(mean.value[i]), np.inf
        value = gap = rounding = 0.0
        for halving in range(HALVINGS + 1):
            shrink = 0.5**halving
            value, coarse, rounding = work(level, data, middle, start * shrink, step * shrink, shrink)
            gap = abs(value - coarse)
            if gap <= 2 * rounding or gap > before / 2:
                break
            before = gap
        slip = mean.error[i] ** 2 + 16 * EPS * (1 + abs(middle)) * np.sqrt(value)
        found.append((value, gap + rounding + slip + UNDERFLOW))
    values, errors = np.array(found).T
    return Estimate(values, errors)


def _normal(step: float) -> tuple[Array, Array, Array]:
    """(z, weights h N(z), whether the index is even) of a standard normal."""
    count = int(np.ceil(NORMAL_REACH / step))
    index = np.arange(-count, count + 1)
    z = np.asarray(index * step, dtype=np.float64)
    return z, np.asarray(step * np.exp(-z * z / 2 - LOG_2PI / 2)), index % 2 == 0


def _nodes(line: Line, step: float) -> tuple[Array, Array]:
    """(x, whether even) of the nodes of a line with one level."""
    windows = windows_of(line, False)
    blocks = list(nodes(type(windows)(windows.low, windows.high, windows.level, np.array([step])), CHUNK))
    x, odd = (np.concatenate([block[i] for block in blocks]) for i in (0, 1))
    return x, odd == 0


def _parts(line: Line, x: Array) -> Parts:
    return Parts(line, x, np.zeros(len(x), dtype=np.intp))


def _phi(level: Line, data: Line, mean: float, start: float, step: float, shrink: float) -> tuple[float, float, float]:
    """(fine sum, coarse sum, rounding) of E (Phi - mean)^2."""
    alpha, sigma = float(level.noise.alpha[0]), float(np.sqrt(level.noise.sigma2[0]))
    h = min(start, step / alpha)
    ends, even = _nodes(data, h)
    eps, weights, even_eps = _normal(min(NORMAL_STEP * shrink, step / sigma))
    if len(ends) * len(eps) > MOST:
        raise Unsupported(f"the level {level.noise.levels[0]:g} needs too many nodes in float64; ask for another one")
    at_ends = _parts(data, ends)
    mass, surprise = h * at_ends.density, -at_ends.log_density
    noise = eps * eps / 2 + LOG_2PI / 2 + np.log(sigma)
    fine = coarse = rounding = 0.0
    per = max(1, CHUNK // len(eps))
    for i in range(0, len(ends), per):
        block = slice(i, i + per)
        x = alpha * ends[block, None] + sigma * eps
        log_p = _parts(level, x.ravel()).log_density.reshape(x.shape)
        away = surprise[block, None] + noise + log_p - mean
        size = np.abs(surprise[block, None]) + np.abs(noise) + np.abs(log_p) + abs(mean) + eps * eps
        weight = mass[block, None] * weights
        f = weight * away * away
        fine += float(f.sum())
        coarse += 4 * float(f[even[block]][:, even_eps].sum())
        rounding += EPS * float((16 * weight * np.abs(away) * size + 32 * f).sum())
    return fine, coarse, rounding


def _entropy(
    level: Line, data: Line, mean: float, start: float, step: float, shrink: float
) -> tuple[float, float, float]:
    """(fine sum, coarse sum, rounding) of E (h - mean)^2."""
    alpha, sigma2 = float(level.noise.alpha[0]), float(level.noise.sigma2[0])
    inner = level.spreads * sigma2 / level.variances[0]
    roots = np.sqrt(inner)
    h = min(step, start / float((alpha * level.spreads / level.variances[0]).max()))  # at the speed of m_k(x)
    x, even = _nodes(level, h)
    z, weights, even_z = _normal(min(NORMAL_STEP * shrink, start / float(roots.max())))
    if len(x) * len(z) * level.K > MOST:
        raise Unsupported(f"the level {level.noise.levels[0]:g} needs too many nodes in float64; ask for another one")
    own = (1 + LOG_2PI + np.log(inner)) / 2
    fine = coarse = rounding = 0.0
    per = max(1, CHUNK // (len(z) * level.K))
    for i in range(0, len(x), per):
        parts = _parts(level, x[i : i + per])
        r, flags = parts.posterior, even[i : i + per]
        centres = (x[i : i + per] - sigma2 * parts.away / parts.v) / alpha
        ends = centres[..., None] + roots[:, None, None] * z
        known = _parts(data, ends.ravel())
        eta = (known.posterior * known.surprise).sum(axis=0).reshape(ends.shape)
        label = (r * parts.surprise).sum(axis=0)
        size = (r * np.abs(own)[:, None]).sum(axis=0) + label + abs(mean)
        sums = []
        for chosen, scale in ((slice(None), 1.0), (even_z, 2.0)):
            average = (r * (eta[..., chosen] * weights[chosen] * scale).sum(axis=-1)).sum(axis=0)
            sums.append((r * own[:, None]).sum(axis=0) + label - average - mean)
        weight = h * parts.density
        fine += float((weight * sums[0] ** 2).sum())
        coarse += 2 * float((weight * sums[1] ** 2)[flags].sum())
        rounding += EPS * float((weight * np.abs(sums[0]) * (32 * size + 32 * np.abs(sums[0]))).sum())
    return fine, coarse, rounding
