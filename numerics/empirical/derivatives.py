"""Gradients and traces on samples of an empirical law: the rules of calculus and the derivatives of log p and log k."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from numerics.empirical.channel import Posterior
from numerics.empirical.latent import Affine, added, inner_product, scaled, unsupported
from numerics.empirical.levels import Level
from numerics.empirical.points import EmpiricalLaw, square_norms
from theory.language.terms import Term, X, make


class Derivatives:
    """The part of a reading that differentiates. ``latent``: X0 is kept as a variable, see :mod:`.latent`."""

    law: EmpiricalLaw
    level: Level
    found: Posterior

    def _scalar(self, term: Term, latent: bool) -> Any:
        raise NotImplementedError

    def _vector(self, term: Term, latent: bool) -> Any:
        raise NotImplementedError

    def _average(self, value: Any) -> Any:
        raise NotImplementedError

    def _gradient(self, scalar: Term, latent: bool) -> Any:
        """grad of sums, products, powers and logarithms of densities."""
        f, level = self.found, self.level
        if X not in scalar.free:
            return np.zeros(self.law.D)
        op = scalar.op
        if op == "log" and scalar.args[0].op == "p":
            return (level.alpha * f.mean - f.x) / level.sigma**2  # the posterior average of grad log k(x|X0)
        if op == "log" and scalar.args[0].op == "kern":
            return Affine(-f.x / level.sigma**2, level.alpha / level.sigma**2) if latent else -f.eps / level.sigma
        if op == "add":
            return added([self._vector(make("grad", (t,)), latent) for t in scalar.args if X in t.free])
        if op == "mul":
            return added([
                self._vector(make("mul", (*scalar.args[:i], *scalar.args[i + 1 :], make("grad", (t,)))), latent)
                for i, t in enumerate(scalar.args) if X in t.free
            ])  # fmt: skip
        if op in ("p", "kern"):
            return self._vector(make("mul", (scalar, make("grad", (make("log", (scalar,)),)))), latent)
        if op == "pow":
            exponent = Fraction(str(scalar.data))
            factors = (make("num", (), exponent), make("pow", scalar.args, exponent - 1), make("grad", scalar.args))
            return self._vector(make("mul", factors), latent)
        if op == "log":
            inverse = make("pow", scalar.args, Fraction(-1))
            return self._vector(make("mul", (inverse, make("grad", scalar.args))), latent)
        if op == "exp":
            return self._vector(make("mul", (scalar, make("grad", scalar.args))), latent)
        raise unsupported(scalar, " under a gradient")

    # -- traces --------------------------------------------------------------------------------------------------------
    def _trace(self, matrix: Term, latent: bool) -> Any:
        """The trace of sums and multiples of I, outer products, their posterior averages, and Jacobians."""
        op = matrix.op
        if op == "eye":
            return float(self.law.D)
        if op == "transpose":
            return self._trace(matrix.args[0], latent)
        if op == "outer":
            return inner_product(self.found.x.shape, *(self._vector(t, latent) for t in matrix.args))
        if op == "add":
            return added([self._trace(t, latent) for t in matrix.args])
        if op == "mul":
            inner = next(t for t in matrix.args if t.rank)
            scalars = [self._scalar(t, latent) for t in matrix.args if t is not inner]
            return scaled([*scalars, self._trace(inner, latent)], matrix)
        if op == "post":
            return self._average(self._trace(matrix.args[0], True))
        if op == "grad":
            return self._divergence(matrix.args[0], latent)
        raise unsupported(matrix, " under a trace")

    def _divergence(self, vector: Term, latent: bool) -> Any:
        op = vector.op
        if X not in vector.free:
            return 0.0
        if op == "x":
            return float(self.law.D)
        if op == "add":
            return added([self._divergence(t, latent) for t in vector.args])
        if op == "mul":
            inner = next(t for t in vector.args if t.rank)
            scalars = tuple(t for t in vector.args if t is not inner)
            parts = [scaled([*(self._scalar(t, latent) for t in scalars), self._divergence(inner, latent)], vector)]
            for i, t in enumerate(scalars):
                if X in t.free:
                    others = [self._scalar(u, latent) for u in scalars[:i] + scalars[i + 1 :]]
                    slope = self._vector(make("grad", (t,)), latent)
                    turn = inner_product(self.found.x.shape, slope, self._vector(inner, latent))
                    parts.append(scaled([*others, turn], vector))
            return added(parts)
        if op == "grad":
            return self._laplacian(vector.args[0], latent)
        raise unsupported(vector, " under a divergence")

    def _laplacian(self, scalar: Term, latent: bool) -> Any:
        f, level, op = self.found, self.level, scalar.op
        if X not in scalar.free:
            return 0.0
        if op == "log" and scalar.args[0].op == "p":
            # lap p / p - |grad p / p|^2 with lap k / k = |u|^2 - D/sigma^2, u = grad log k = (alpha X0 - x)/sigma^2
            away = square_norms(f.x) - 2 * level.alpha * np.einsum("ij,ij->i", f.x, f.mean) + level.alpha**2 * f.square
            slope = (level.alpha * f.mean - f.x) / level.sigma**2
            return away / level.sigma**4 - self.law.D / level.sigma**2 - square_norms(slope)
        if op == "log" and scalar.args[0].op == "kern":
            return -self.law.D / level.sigma**2
        if op == "add":
            return added([self._laplacian(t, latent) for t in scalar.args])
        if op == "mul" and sum(X in t.free for t in scalar.args) == 1:
            moving = next(t for t in scalar.args if X in t.free)
            still = [self._scalar(t, latent) for t in scalar.args if t is not moving]
            return scaled([*still, self._laplacian(moving, latent)], scalar)
        raise unsupported(scalar, " under a Laplacian")
