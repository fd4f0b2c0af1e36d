"""The numbers of a mixture in the plane at many noise levels: the tensor trapezoidal rule in float64.

The nodes lie on two interleaved grids: those with both indices even form the grid of twice the step, whose difference
from the whole is the error estimate. Nodes are kept in cells of a quadtree on which the largest (in bulk) or second
largest (in the overlap) component can reach e^-40 times its maximum; for means further apart than the noise the overlap
is a thin strip. Differences of exponents are not formed exactly as on the line, so the doubts are larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from numerics.rings import Unsupported
from numerics.sweeps.line import Estimate, exactly
from numerics.sweeps.noise import EPS, Array, Noise, as_float
from numerics.sweeps.parts import LOG_2PI, bregman
from theory.language.instances import Law

DEPTH = 40.0
PRECISION = 34.0
MOST = 3_000_000
CHUNK = 1 << 14
HALVINGS = 3


@dataclass(frozen=True)
class Plane:
    """K components at one level: weights (K,), centres (K, 2), precisions (K, 2, 2), heights (K,), S_k (K, 2, 2)."""

    weights: Array
    centres: Array
    precisions: Array
    heights: Array
    covs: Array
    alpha: float
    sigma2: float

    def logs(self, x: Array) -> tuple[Array, Array]:
        """(log u_k (K, N), s_k (K, N, 2)) at x (N, 2)."""
        away = x - self.centres[:, None]
        slopes = -(away[..., :1] * self.precisions[:, None, 0] + away[..., 1:] * self.precisions[:, None, 1])
        return self.heights[:, None] + 0.5 * (away * slopes).sum(axis=-1), slopes

    def above(self, low: Array, high: Array) -> Array:
        """Upper bounds of log u_k over boxes, (K, N): by the distance, at the largest variance of the component."""
        away = self.centres[:, None] - np.clip(self.centres[:, None], low, high)
        least = np.linalg.eigvalsh(self.precisions)[:, 0]
        bound: Array = self.heights[:, None] - 0.5 * least[:, None] * (away**2).sum(axis=-1)
        return bound


def _rank(values: Array, overlap: bool) -> Array:
    return np.asarray(np.partition(values, -2, axis=0)[-2] if overlap else values.max(axis=0))


class Points:
    """The components at points of the plane; arrays (K, N) or (N,)."""

    def __init__(self, plane: Plane, x: Array) -> None:
        self.plane = plane
        logs, self.slopes = plane.logs(x)
        top = logs.max(axis=0)
        is_top = np.arange(len(logs))[:, None] == np.argmax(logs, axis=0)
        odds = np.exp(logs - top)
        others = np.where(is_top, 0.0, odds).sum(axis=0)
        self.posterior = odds / (1 + others)
        self.surprise = np.log1p(others) - (logs - top)
        self.log_density = top + np.log1p(others)
        self.density = np.exp(self.log_density)
        bare = logs - np.log(plane.weights)[:, None]
        self.gains = bare - self.log_density
        self.doubt = EPS * (16 + 4 * np.abs(logs).min(axis=0) + 2 * (self.posterior * np.abs(logs)).sum(axis=0))
        self.reach = np.abs(x).max(axis=1)

    def score(self) -> Array:
        """s, (N, 2)."""
        return np.asarray((self.posterior[..., None] * self.slopes).sum(axis=0))

    def spread(self, values: Array) -> Array:
        """sum_k r_k |values_k - mean|^2 for values (K, N, 2), (N,)."""
        away = values - values[np.argmax(self.posterior, axis=0), np.arange(values.shape[1])]
        mean = (self.posterior[..., None] * away).sum(axis=0)
        return np.asarray((self.posterior * ((away - mean) ** 2).sum(axis=-1)).sum(axis=0))

    def means(self) -> Array:
        """E[X_0 | x, k] up to a constant that does not depend on k, (K, N, 2): m_k - alpha S_k s_k."""
        pull = np.einsum("kij,knj->kni", self.plane.covs, self.slopes)
        return np.asarray(self.plane.centres[:, None] / self.plane.alpha - self.plane.alpha * pull)


Integrand = Callable[[Points], Array]


def _nodes(plane: Plane, h: float, overlap: bool) -> Iterator[tuple[Array, Array]]:
    """(x (N, 2), whether both indices are even) in the kept cells, whose corners are even nodes."""
    sd = np.sqrt(np.linalg.eigvalsh(np.linalg.inv(plane.precisions)).max())
    reach = np.sqrt(2 * DEPTH) * sd
    low, high = plane.centres.min(axis=0) - reach, plane.centres.max(axis=0) + reach
    side = 16 * h
    size = side * 2.0 ** np.ceil(np.log2(max(float((high - low).max()) / side, 1.0)))
    first = np.floor(low / side) * side
    count = int(np.ceil(max(1.0, float((high - first).max()) / size)))
    cells = first + size * np.stack(np.meshgrid(*[np.arange(count)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    best = -np.inf
    while True:
        best = max(best, float(_rank(plane.logs(cells + size / 2)[0], overlap).max()))
        cells = cells[_rank(plane.above(cells, cells + size), overlap) >= best - DEPTH]
        if size <= side * 1.5:
            break
        size /= 2
        cells = np.concatenate([cells + size * np.array(shift) for shift in ((0, 0), (0, 1), (1, 0), (1, 1))])
        if len(cells) > MOST // 64:
            raise Unsupported(
                "a thin boundary between far components needs too many nodes in float64; ask value for it"
            )
    n = 16
    if len(cells) * n * n > MOST:
        raise Unsupported("far components at small noise need too many nodes in float64; ask value for it")
    offsets = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), axis=-1).reshape(-1, 2)
    even = (offsets % 2 == 0).all(axis=1)
    per = max(1, CHUNK // (n * n))
    for start in range(0, len(cells), per):
        block = cells[start : start + per]
        x = (block[:, None] + h * offsets).reshape(-1, 2)
        yield x, np.tile(even, len(block))


def _step(plane: Plane, overlap: bool) -> float:
    """The first step: the narrowest component, and the slopes of rivals where they meet, on lines between means."""
    narrow = 1 / np.linalg.eigvalsh(plane.precisions).max()
    step = float(np.sqrt(2 * np.pi**2 / PRECISION * narrow))
    share = np.linspace(0, 1, 65)[:, None]
    lines = [plane.centres[i] + share * (plane.centres[j] - plane.centres[i])
             for i in range(len(plane.weights)) for j in range(i)]  # fmt: skip
    logs, slopes = plane.logs(np.concatenate(lines))
    top = np.argmax(logs, axis=0), np.arange(logs.shape[1])
    best = _rank(logs, overlap).max()
    needed = np.maximum(PRECISION + np.minimum(logs - best, 0.0), 0.0)
    gap = np.abs(slopes - slopes[top]).max(axis=-1)
    rival = float(np.where(logs > logs[top] - 3, gap * needed, 0.0).max())
    step = min(step, 2 * np.pi**2 / max(rival, 1e-300)) / 2
    mantissa, exponent = np.frexp(step)
    return float(np.ldexp(np.floor(mantissa * 64) / 64, int(exponent)))


def _integral(plane: Plane, integrand: Integrand, *, overlap: bool) -> tuple[float, float]:
    """(value, error) of the integral of a non-negative integrand. Raises Unsupported."""
    h, before = _step(plane, overlap), np.inf
    for _ in range(HALVINGS + 1):
        fine = coarse = rounding = 0.0
        for x, even in _nodes(plane, h, overlap):
            points = Points(plane, x)
            f = integrand(points)
            fine, coarse = fine + float(f.sum()), coarse + float(f[even].sum())
            rounding += float((f * points.doubt).sum())
        value, other = fine * h * h, 4 * coarse * h * h
        gap, slip = abs(value - other), rounding * h * h + 8 * EPS * value
        if gap <= 2 * slip or gap > before / 2:
            break
        before, h = gap, h / 2
    return value, gap + slip + 1e-16 * value + 1e-300


def plane_number(name: str, law: Law, noise: Noise) -> Estimate:
    """The number ``name`` (a ``Quantity.base_name``) of a law in D = 2 at every level. Raises Unsupported."""
    weights = np.array([as_float(c.weight) for c in law.components])
    means = np.array([[as_float(v) for v in c.mean] for c in law.components])
    covs = np.array([[[as_float(v) for v in row] for row in c.cov] for c in law.components])
    means = means - means[0]
    labels = float(-(weights * np.log(weights)).sum())
    if law.has_density and name in ("variance-phi", "variance-h"):
        raise Unsupported(f"{name} of a law with a density in the plane has no float64 path; ask for {name}-class")
    found = []
    for alpha, sigma2 in zip(noise.alpha, noise.sigma2, strict=True):
        noisy = alpha**2 * covs + sigma2 * np.eye(2)
        logs = np.linalg.slogdet(noisy)[1]
        plane = Plane(weights, alpha * means, np.linalg.inv(noisy), np.log(weights) - LOG_2PI - logs / 2, covs,
                      float(alpha), float(sigma2))  # fmt: skip
        found.append(_one(name, plane, law.is_discrete, logs, labels))
    values, errors = np.array(found).T
    return Estimate(values, errors)


def _one(name: str, plane: Plane, discrete: bool, logs: Array, labels: float) -> tuple[float, float]:
    """(value, error) at one level."""
    weights = plane.weights

    def known(terms: Array, sizes: Array) -> Estimate:
        return Estimate(np.array([(weights * terms).sum()]), np.array([8 * EPS * (weights * sizes).sum()]))

    def integral(integrand: Integrand, overlap: bool = False) -> Estimate:
        value, error = _integral(plane, integrand, overlap=overlap)
        return Estimate(np.array([value]), np.array([error]))

    def entropy_of(x: Points) -> Array:
        return np.asarray((x.posterior * x.surprise).sum(axis=0))

    def information(x: Points) -> Array:
        return np.asarray(x.density * (weights[:, None] * bregman(x.gains)).sum(axis=0))

    name = name if not discrete else {"conditional-entropy": "class-entropy"}.get(name, name).replace(
        "variance-phi-class", "variance-phi").replace("variance-h-class", "variance-h")  # fmt: skip
    identity, sigma2 = np.eye(2), plane.sigma2
    if name == "entropy":
        total = known(1 + LOG_2PI + logs / 2, 1 + LOG_2PI + np.abs(logs)) + integral(information)
    elif name == "mutual-information":
        ratio = np.linalg.slogdet(identity + plane.alpha**2 / sigma2 * plane.covs)[1] / 2
        total = known(ratio, 1 + np.abs(ratio)) if not discrete else exactly(0.0, 1)
        total = total + integral(information)
    elif name == "class-entropy":
        total = integral(lambda x: x.density * entropy_of(x), True)
    elif name == "conditional-entropy":
        clean = replace(
            plane, alpha=1.0, sigma2=0.0, centres=plane.centres / plane.alpha,
            precisions=np.asarray(np.linalg.inv(plane.covs), dtype=np.float64),
            heights=np.log(weights) - LOG_2PI - np.linalg.slogdet(plane.covs)[1] / 2,
        )  # fmt: skip
        value, error = _integral(clean, lambda x: x.density * entropy_of(x), overlap=True)
        inner = np.linalg.slogdet(sigma2 * plane.covs @ plane.precisions)[1] / 2
        total = known(1 + LOG_2PI + inner, 2 + LOG_2PI + np.abs(inner)) - Estimate(np.array([value]), np.array([error]))
        total = total + integral(lambda x: x.density * entropy_of(x), True)
    elif name in ("fisher-information", "expected-divergence"):
        total = integral(lambda x: x.density * (x.score() ** 2).sum(axis=-1))
        total = total.times(-1.0 if name == "expected-divergence" else 1.0, 0.0)
    elif name == "class-gap":
        total = integral(lambda x: x.density * x.spread(x.slopes), True)
    elif name == "mmse":
        inner = np.trace(sigma2 * plane.covs @ plane.precisions, axis1=1, axis2=2)
        total = known(inner, np.abs(inner)) + integral(lambda x: x.density * x.spread(x.means()), True)
    elif name == "varentropy":
        mean = float(_one("entropy", plane, discrete, logs, labels)[0])
        total = integral(lambda x: x.density * (x.log_density + mean) ** 2)
    elif name in ("variance-phi", "variance-phi-class", "variance-h", "variance-h-class"):
        total = _variance(name, integral, entropy_of)
    else:
        raise Unsupported(f"{name} of a law with a density in the plane has no float64 path")
    return float(total.value[0]), float(total.error[0])


def _variance(name: str, integral: Callable[..., Estimate], entropy_of: Integrand) -> Estimate:
    """Var(-log P(Z|x)) or Var H(Z|x)."""
    phi = "phi" in name
    mean = integral(lambda x: x.density * entropy_of(x), True)
    h = float(mean.value[0])

    def second(x: Points, about: float) -> Array:
        if phi:
            return np.asarray(x.density * (x.posterior * (x.surprise - about) ** 2).sum(axis=0))
        return np.asarray(x.density * (entropy_of(x) - about) ** 2)

    if h < 1e-3:
        return integral(lambda x: second(x, 0.0), True) - mean.squared()
    found = integral(lambda x: second(x, h))
    slip = mean.error**2 + 64 * EPS * (1 + h) * np.sqrt(np.maximum(found.value, 0.0))
    return Estimate(found.value, found.error + slip + (64 * EPS * (1 + h)) ** 2)
