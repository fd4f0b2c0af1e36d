"""Control variates of forward ensembles: functions of the draws alone, with mean zero exactly.

Three kinds: a field known before a step times the noise of that step; Hermite polynomials of the noise that made X_t
from X_0; powers of X_0 about the law's exact moments. None of them assumes anything about the process or a claim.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from numerics.mixtures import Array, Drawn, Noised
from theory.language.instances import Law


class Controls:
    """Sums of predictable field times noise along the paths, and powers of the noise that made X_t from X_0."""

    def __init__(self, count: int, slopes: int, guides: int) -> None:
        self.first: Array = np.zeros((slopes, count))
        self.second: Array = np.zeros((guides, count))
        self.kernels: list[Array] = []

    def step(self, kick: Array, sd: float, slopes: list[list[Array]], guides: list[Array]) -> None:
        """Add slope . kick for every slope, and (|kick|^2 - D sd^2) times every guide, as read before the step."""
        for d, slope in enumerate(slopes):
            for i, part in enumerate(slope):
                self.first[d] += part * kick[:, i]
        centred = (kick * kick).sum(axis=1) - kick.shape[1] * sd * sd
        for total, guide in zip(self.second, guides, strict=True):
            total += guide * centred

    def kernel(self, eps: Array) -> None:
        """Add |eps|^2 - D of the noise that made X_t from X_0."""
        self.kernels.append((eps * eps).sum(axis=1) - eps.shape[1])

    def start(self, eps: Array, drawn: Drawn, noisy: Noised) -> None:
        """Add the products of :func:`noise_powers` at the first node."""
        self.kernels += list(noise_powers(eps, drawn, noisy))

    def rows(self, drawn: Drawn, law: Law) -> Array:
        """All controls, shape (C, n)."""
        return np.array([*self.first, *self.second, *self.kernels, *powers(drawn.x0, law), *shares(drawn, law)])


def shares(drawn: Drawn, law: Law) -> list[Array]:
    """The draws of each component but the first, about their number, and X_0 about the mean of its component."""
    if law.is_discrete:
        return []  # functions of X0, which its powers follow
    x0, labels = drawn
    out = []
    for k, c in enumerate(law.components):
        mine = (labels == k).astype(np.float64)
        if k:
            out.append(mine - float(Fraction(str(c.weight))))
        for i, mean in enumerate(c.mean):
            away = mine * (x0[:, i] - float(Fraction(str(mean))))
            variance = float(Fraction(str(c.cov[i][i])))
            out += [away, away * away - variance * float(Fraction(str(c.weight)))]
    return out


def powers(x0: Array, law: Law) -> list[Array]:
    """Powers of the components of X0 about their exact means: the draw of X0 is part of the driving noise."""
    out = []
    for i in range(x0.shape[1]):
        for power in range(1, 5):
            out.append(x0[:, i] ** power - _moment(law, i, power))
    return out


def _moment(law: Law, i: int, power: int) -> float:
    """E[X0_i^power] of the law, exactly rounded."""
    total = Fraction(0)
    for c in law.components:
        mean, variance = Fraction(str(c.mean[i])), Fraction(str(c.cov[i][i]))
        moments = [Fraction(1), mean]
        for n in range(2, power + 1):
            moments.append(mean * moments[-1] + (n - 1) * variance * moments[-2])
        total += Fraction(str(c.weight)) * moments[power]
    return float(total)


def noise_powers(eps: Array, drawn: Array | Drawn, noisy: Noised) -> Array:
    """Hermite polynomials of the noise times functions of X_0: powers, also localised to the components.

    ``eps`` is independent of X_0, so every product has mean zero whatever the function of X_0 is. The localisers are
    the responsibilities at alpha X_0: between two components a field of X_t bends where they meet.
    """
    x0, labels = drawn if isinstance(drawn, Drawn) else (drawn, None)
    D = x0.shape[1]
    local = list(noisy.responsibilities(noisy.alpha * x0)[1:])
    places = [np.ones(len(x0)), *local, *(r * (1 - r) for r in local)]
    if labels is not None and not noisy.data.is_discrete:
        places += [(labels == k).astype(np.float64) for k in range(1, noisy.data.K)]
    rows = []
    for i in range(D):
        e, u = eps[:, i], x0[:, i]
        for hermite in (e, e * e - 1, e**3 - 3 * e, e**4 - 6 * e * e + 3):
            rows += [hermite * place * u**power for place in places for power in range(4 if D == 1 else 2)]
        rows += [e * eps[:, j] * place for j in range(i) for place in places]
        rows += [e * x0[:, j] for j in range(D) if j != i]
    return np.array(rows)
