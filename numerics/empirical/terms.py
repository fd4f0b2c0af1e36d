"""Statement terms on samples of an empirical law, from the definitions: core operators on the arrays of one pass.

p is the sum of the weighted kernels, so log p, its gradient and the trace of its second derivatives are sums over the
posterior odds; no theorem (Tweedie, E|s|^2 = -E div s, the covariance for the divergence) is used. A term inside
``post`` is kept as a polynomial in the latent place: vectors of degree one, scalars of degree two in X0 and one in
log P(X0); anything beyond is refused.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from numerics.empirical.channel import Posterior
from numerics.empirical.derivatives import Derivatives
from numerics.empirical.latent import Affine, Quadratic, added, column, inner_product, scaled, unsupported
from numerics.empirical.levels import Level, closed
from numerics.empirical.points import EmpiricalLaw, square_norms
from numerics.mixtures import Array
from theory.language.definitions import split_log, unfold_linear
from theory.language.terms import X0_VAR, Term


def prepare(term: Term) -> Term:
    """``term`` in core operators, with logarithms of products split."""
    return split_log(unfold_linear(term))


class Reading(Derivatives):
    """Prepared core terms on the samples of one pass. Everything raises Unsupported for a term beyond it."""

    def __init__(self, law: EmpiricalLaw, level: Level, found: Posterior) -> None:
        self.law, self.level, self.found = law, level, found
        self._gain = level.alpha / level.sigma**2
        self._kernel = -law.D / 2 * math.log(2 * math.pi * level.sigma**2)
        self._noise = square_norms(found.eps)
        self._known: dict[tuple[Term, bool], Any] = {}

    def values(self, term: Term) -> Array:
        """The values (n,) of a prepared scalar ``term`` at the samples' own X0 and X_t."""
        out: Array = np.broadcast_to(np.asarray(self._scalar(term, False), dtype=float), self._noise.shape)
        return out

    # -- scalars -------------------------------------------------------------------------------------------------------
    def _scalar(self, term: Term, latent: bool) -> Any:
        """A number, an array, or (only if ``latent``, for terms with X0) a Quadratic."""
        latent = latent and X0_VAR in term.free
        key = (term, latent)
        if key not in self._known:
            if term.rank:
                raise unsupported(term, f" as a scalar: it has rank {term.rank}")
            self._known[key] = self._read_scalar(term, latent)
        return self._known[key]

    def _read_scalar(self, term: Term, latent: bool) -> Any:
        op = term.op
        if op in ("num", "pi", "dim", "tfun"):
            return closed(term, self.level, self.law.D)
        if op == "add":
            return added([self._scalar(t, latent) for t in term.args])
        if op == "mul":
            return self._product(term, latent)
        if op == "dot":
            return inner_product(self.found.x.shape, *(self._vector(t, latent) for t in term.args))
        if op == "tr":
            return self._trace(term.args[0], latent)
        if op == "post":
            return self._average(self._scalar(term.args[0], True))
        if op == "log" and term.args[0].op in ("p", "kern", "p0"):
            return self._log_density(term.args[0].op, latent)
        if op in ("p", "kern", "p0"):
            return self._function(np.exp, self._log_density(op, latent), term)
        if op == "pow":
            exponent = float(Fraction(str(term.data)))
            return self._function(lambda v: v**exponent, self._scalar(term.args[0], latent), term)
        if op in ("log", "exp", "tanh"):
            plain = {"log": np.log, "exp": np.exp, "tanh": np.tanh}[op]
            return self._function(plain, self._scalar(term.args[0], latent), term)
        if op == "coord" and isinstance(term.data, int) and term.data <= self.law.D:
            vector = self._vector(term.args[0], latent)
            if isinstance(vector, Affine):
                raise unsupported(term, " inside a posterior average")
            return np.broadcast_to(vector, self.found.x.shape)[:, term.data - 1]
        raise unsupported(term)

    def _function(self, function: Any, value: Any, term: Term) -> Any:
        if isinstance(value, Quadratic):
            raise unsupported(term, " inside a posterior average")
        with np.errstate(all="ignore"):
            return function(np.asarray(value, dtype=float))

    def _product(self, term: Term, latent: bool) -> Any:
        """Products; densities are multiplied as logarithms, for each alone may be beyond float64."""
        logs: list[Any] = []
        rest: list[Any] = []
        for factor in term.args:
            base = factor.args[0] if factor.op == "pow" else factor
            if base.op in ("p", "kern", "p0"):
                exponent = float(Fraction(str(factor.data))) if factor.op == "pow" else 1.0
                logs.append(exponent * self._plain(self._log_density(base.op, latent), term))
            else:
                rest.append(self._scalar(factor, latent))
        if logs:
            rest.append(np.exp(sum(logs[1:], logs[0])))
        return scaled(rest, term)

    def _plain(self, value: Any, term: Term) -> Any:
        if isinstance(value, Quadratic):
            raise unsupported(term, " inside a posterior average")
        return value

    def _log_density(self, op: str, latent: bool) -> Any:
        """log p, log k(x|X0) or log P(X0), with log p = log P(X0) + log k(x|X0) - log P(X0|x) at the own place."""
        f, weights = self.found, self.law.log_weights
        if op == "p":
            return weights[f.index] + self._kernel - self._noise / 2 + f.surprise
        if op == "p0":
            return Quadratic(0.0, log_weight=1.0) if latent else weights[f.index]
        if not latent:
            return self._kernel - self._noise / 2
        from_centre = -square_norms(f.x) / (2 * self.level.sigma**2)
        return Quadratic(self._kernel + from_centre, self._gain * f.x, -self._gain * self.level.alpha / 2)

    def _average(self, value: Any) -> Any:
        if not isinstance(value, Quadratic):
            return value
        f = self.found
        inner = np.einsum("ij,ij->i", np.broadcast_to(value.linear, f.mean.shape), f.mean)
        return value.const + inner + value.square * f.square + value.log_weight * f.log_weight

    # -- vectors -------------------------------------------------------------------------------------------------------
    def _vector(self, term: Term, latent: bool) -> Any:
        """(n, D), (D,), or (only if ``latent``, for terms with X0) an Affine."""
        latent = latent and X0_VAR in term.free
        key = (term, latent)
        if key not in self._known:
            if term.rank != 1:
                raise unsupported(term, ": only vectors and traces of matrices are read")
            self._known[key] = self._read_vector(term, latent)
        return self._known[key]

    def _read_vector(self, term: Term, latent: bool) -> Any:
        f, centre, op = self.found, self.law.centre, term.op
        if op == "x":
            return f.x + self.level.alpha * centre
        if op == "X0":
            return Affine(centre, 1.0) if latent else f.X0 + centre
        if op == "origin":
            return np.zeros(self.law.D)
        if op == "add":
            return added([self._vector(t, latent) for t in term.args])
        if op == "mul":
            vector = next(t for t in term.args if t.rank)
            scalar = scaled([self._scalar(t, latent) for t in term.args if t is not vector], term)
            inside = self._vector(vector, latent)
            if isinstance(scalar, Quadratic):
                raise unsupported(term, " inside a posterior average")
            return inside.times(scalar) if isinstance(inside, Affine) else column(scalar) * inside
        if op == "grad":
            return self._gradient(term.args[0], latent)
        if op == "post":
            inside = self._vector(term.args[0], True)
            if not isinstance(inside, Affine):
                return inside
            return inside.offset + column(inside.factor) * f.mean
        raise unsupported(term)
