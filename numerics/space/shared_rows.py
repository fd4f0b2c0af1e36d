"""Rows of a lattice in blocks, and the sums of an integrand over a row of values, for :mod:`numerics.space.shared`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import mul

from numerics.balls import Ball, arb

BLOCK_ROWS, OPEN_BLOCKS = 16, 8
Piece = tuple[tuple[int, ...], int, int]
"""(indices of all axes but the last, first and last index along it)."""


def blocks(
    pieces: Iterator[Piece],
) -> Iterator[list[Piece]]:
    """Pieces of rows with overlapping columns, a few rows together."""
    waiting: list[list[Piece]] = []
    for piece in pieces:
        _, first, last = piece
        home = next((b for b in waiting if first <= b[-1][2] and last >= b[-1][1]), None)
        if home is None:
            home = []
            waiting.append(home)
        home.append(piece)
        if len(home) == BLOCK_ROWS:
            waiting.remove(home)
            yield home
        elif len(waiting) > OPEN_BLOCKS:
            yield waiting.pop(0)
    yield from waiting


# -- kernels: sums over a row of values ---
def _dot(left: Sequence[Ball], right: Sequence[Ball]) -> Ball:
    return sum(map(mul, left, right), arb(0))


def _log(p: list[Ball]) -> Ball:
    return _dot(p, list(map(arb.log, p)))


def _log2(p: list[Ball]) -> Ball:
    logs = list(map(arb.log, p))
    return _dot(list(map(mul, p, logs)), logs)


def _spread(p: list[Ball], *rest: list[Ball]) -> Ball:
    total = sum(rest[-1], arb(0))
    for first in rest[:-1]:
        total = total - sum((s * s / m for s, m in zip(first, p, strict=True)), arb(0))
    return total


def _label(p: list[Ball], first: list[Ball]) -> Ball:
    return _log(p) - sum(first, arb(0))


def _label2(p: list[Ball], first: list[Ball], second: list[Ball]) -> Ball:
    logs = list(map(arb.log, p))
    return sum((u * (m * u - 2 * f) for u, m, f in zip(logs, p, first, strict=True)), sum(second, arb(0)))


def _mean2(p: list[Ball], first: list[Ball]) -> Ball:
    logs = list(map(arb.log, p))
    return sum(((v := m * u - f) * v / m for u, m, f in zip(logs, p, first, strict=True)), arb(0))


KERNELS: dict[str, Callable[..., Ball]] = {
    "spread": _spread, "label": _label, "label2": _label2, "mean2": _mean2, "log": _log, "log2": _log2
}  # fmt: skip
