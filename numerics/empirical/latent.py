"""Values under a posterior average: polynomials in the latent place y, which X0 stands for.

A vector is offset + factor y, a scalar const + linear . y + square |y|^2 + log_weight log P(y): what the moments of one
pass can average. Products beyond that are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.rings import Unsupported
from theory.language.terms import Term


@dataclass(frozen=True)
class Quadratic:
    """const + linear . y + square |y|^2 + log_weight log P(y) in the latent place y; entries (n,) or (n, D)."""

    const: Any
    linear: Any = 0.0
    square: Any = 0.0
    log_weight: Any = 0.0

    def plus(self, other: Quadratic) -> Quadratic:
        """The sum."""
        return Quadratic(
            self.const + other.const, self.linear + other.linear, self.square + other.square,
            self.log_weight + other.log_weight,
        )  # fmt: skip

    def times(self, factor: Any) -> Quadratic:
        """The product with a scalar (n,) that does not depend on y."""
        column = factor[:, None] if isinstance(factor, np.ndarray) else factor
        return Quadratic(
            factor * self.const, column * self.linear, factor * self.square, factor * self.log_weight
        )  # fmt: skip


@dataclass(frozen=True)
class Affine:
    """offset + factor y in the latent place y: (n, D) or (D,), and (n,) or a number."""

    offset: Any
    factor: Any = 0.0

    def plus(self, other: Affine) -> Affine:
        """The sum."""
        return Affine(self.offset + other.offset, self.factor + other.factor)

    def times(self, factor: Any) -> Affine:
        """The product with a scalar that does not depend on y."""
        return Affine(column(factor) * self.offset, factor * self.factor)


def column(value: Any) -> Any:
    """A scalar (n,) as (n, 1), to multiply vectors."""
    return value[:, None] if isinstance(value, np.ndarray) else value


def unsupported(term: Term, where: str = "") -> Unsupported:
    """The error for a term that this reading does not cover."""
    return Unsupported(f"{term.op!r} cannot be read on points{where}")


def added(values: list[Any]) -> Any:
    """The sum of numbers, arrays and polynomials in the latent place."""
    out, kind = None, next((type(v) for v in values if isinstance(v, (Quadratic, Affine))), None)
    for v in values:
        value: Any = v if kind is None or isinstance(v, kind) else kind(v)
        out = value if out is None else (out + value if kind is None else out.plus(value))
    return out


def scaled(factors: list[Any], term: Term) -> Any:
    """The product of scalars with at most one polynomial in the latent place (or one vector)."""
    special = [v for v in factors if isinstance(v, (Quadratic, Affine))]
    if len(special) > 1:
        raise unsupported(term, ": a product of functions of X0 inside a posterior average")
    out: Any = 1.0
    for v in factors:
        if not isinstance(v, (Quadratic, Affine)):
            out = out * v
    return special[0].times(out) if special else out


def inner_product(shape: tuple[int, ...], left: Any, right: Any) -> Any:
    """left . right, (n,) or a Quadratic; ``shape`` is (n, D)."""

    def inner(u: Any, v: Any) -> Any:
        return np.einsum("ij,ij->i", np.broadcast_to(u, shape), np.broadcast_to(v, shape))

    if not isinstance(left, Affine) and not isinstance(right, Affine):
        return inner(left, right)
    u = left if isinstance(left, Affine) else Affine(left)
    v = right if isinstance(right, Affine) else Affine(right)
    linear = column(v.factor) * u.offset + column(u.factor) * v.offset
    return Quadratic(inner(u.offset, v.offset), linear, u.factor * v.factor)
