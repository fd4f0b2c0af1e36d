"""The numbers of one Gaussian component in any dimension, in float64: closed forms in the eigenvalues of S."""

from __future__ import annotations

import numpy as np

from numerics.sweeps.line import Estimate, exactly
from numerics.sweeps.noise import EPS, Array, Noise, as_float
from numerics.sweeps.parts import LOG_2PI
from theory.language.instances import Law


def gaussian_numbers(name: str, law: Law, noise: Noise) -> Estimate:
    """The number ``name`` (a ``Quantity.base_name``) of a law with one component, (n,)."""
    part, n = law.components[0], len(noise.levels)
    cov = np.array([[as_float(v) for v in row] for row in part.cov])
    diagonal = not np.any(cov[~np.eye(law.D, dtype=bool)])
    own: Array = np.diag(cov) if diagonal else np.linalg.eigvalsh(cov)
    v = noise.alpha[:, None] ** 2 * own + noise.sigma2[:, None]
    slip = 4 * EPS + (0.0 if diagonal else 8.0) * law.D * EPS * noise.alpha[:, None] ** 2 * own.max() / v
    if name == "entropy":
        return _sum((1 + LOG_2PI + np.log(v)) / 2, slip * (3 + np.abs(np.log(v))))
    if name == "mutual-information" and not part.is_atom:
        ratio = noise.alpha[:, None] ** 2 * own / noise.sigma2[:, None]
        return _sum(np.log1p(ratio) / 2, np.minimum(slip, slip * ratio))
    if name == "conditional-entropy" and not part.is_atom:
        slip = slip + (0.0 if diagonal else 8.0) * law.D * EPS * own.max() / own
        logs = np.log(own * noise.sigma2[:, None] / v)
        return _sum((1 + LOG_2PI + logs) / 2, slip * (3 + np.abs(logs)))
    if name in ("fisher-information", "expected-divergence"):
        return _sum((1 if name == "fisher-information" else -1) / v, slip * 0, slip)
    if name == "mmse":
        return _sum(own * noise.sigma2[:, None] / v, slip * 0, slip)
    half = name == "varentropy" or (name == "variance-phi" and not part.is_atom)
    return exactly(law.D / 2 if half else 0.0, n, 0.0)


def _sum(terms: Array, absolute: Array, relative: Array | float = 4 * EPS) -> Estimate:
    size = np.abs(terms)
    return Estimate(terms.sum(axis=1), (absolute + relative * size + 4 * EPS * size).sum(axis=1))
