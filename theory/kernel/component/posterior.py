"""The posterior law of X0 given x, for a Gaussian mixture seen through a linear channel: responsibilities and moments.

Trusted; standard library only.
"""

from __future__ import annotations

from functools import cached_property

from theory.kernel.component.elements import Element
from theory.kernel.component.gaussian import Gaussian, Powers
from theory.kernel.component.ring import Ring
from theory.kernel.component.tensors import Matrix, Vector, contract, entries, matrix, scaled, total, vector


class Posterior:
    """sum_k r_k(x) N(mean_k(x), cov_k), with r_k = w_k N(x; alpha m_k, V_k) / p(x).

    ``joint`` are the w_k N(x; alpha m_k, V_k), with sum ``p``; ``means`` (K, D) and ``covs`` (K, D, D) are those of the
    components of X0, ``noisy`` the Gaussians N(alpha m_k, V_k) of X_t. Atoms have covariance 0, and keep it.
    """

    def __init__(
        self, x: Vector, p: Element, joint: Vector, means: Matrix, covs: tuple[Matrix, ...], noisy: tuple[Gaussian, ...]
    ) -> None:
        assert isinstance(p.ring, Ring)
        self.ring: Ring = p.ring
        self.x, self.p, self.joint, self.means, self.covs, self.noisy = x, p, joint, means, covs, noisy
        self._moments: dict[Powers, Element] = {}

    @cached_property
    def responsibilities(self) -> Vector:
        """r_k(x), shape (K,)."""
        inverse = self.ring.power(self.p, -1)
        return tuple(part * inverse for part in self.joint)

    @cached_property
    def components(self) -> tuple[Gaussian, ...]:
        """The law of X0 given x and Z = k, for each k."""
        return tuple(self._component(k) for k in range(len(self.noisy)))

    def _component(self, k: int) -> Gaussian:
        """mean m + alpha S V^-1 (x - alpha m), covariance S - alpha^2 S V^-1 S."""
        alpha, cov, noisy = self.ring.alpha(), self.covs[k], self.noisy[k]
        gain = matrix(scaled(alpha, contract(cov, noisy.inverse)))
        shift = vector(contract(gain, tuple(u - v for u, v in zip(self.x, noisy.mean, strict=True))))
        mean = tuple(u + v for u, v in zip(self.means[k], shift, strict=True))
        lost = matrix(scaled(alpha, contract(gain, cov)))
        left = entries(lambda i, j: cov[i][j] - lost[i][j], len(self.x))
        return Gaussian(self.ring, mean, left, "a posterior covariance")

    def moment(self, powers: Powers) -> Element:
        """E[prod_i X0_i^n_i | x] = sum_k r_k E[prod_i X0_i^n_i | x, Z = k]; the responsibilities sum to 1."""
        if not any(powers):
            return self.ring.number(1)
        if powers not in self._moments:
            parts = zip(self.responsibilities, self.components, strict=True)
            self._moments[powers] = total(r * component.moment(powers) for r, component in parts)
        return self._moments[powers]
