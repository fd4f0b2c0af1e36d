"""Random streams: one independent generator for each (claim, experiment, chunk), whoever computes it.

A stream is ``SFC64(SeedSequence(seed, spawn_key=..))``. The spawn key holds a fixed number of 32-bit words, so two
different triples never give the same key; nothing depends on the number of workers or on the order of work.
"""

from __future__ import annotations

import hashlib

import numpy as np

WORD = 1 << 32


def words(name: str, count: int = 2) -> tuple[int, ...]:
    """``count`` (at most 8) stable 32-bit words that stand for ``name``: the head of its SHA-256."""
    head = hashlib.sha256(name.encode()).digest()
    return tuple(int.from_bytes(head[4 * i : 4 * i + 4], "big") for i in range(count))


def stream(seed: int, claim_id: str, experiment: str, chunk: int) -> np.random.Generator:
    """The generator of one chunk of one experiment of one claim. Raises ValueError for a negative seed or chunk."""
    if seed < 0 or not 0 <= chunk < WORD:
        raise ValueError(f"seed and chunk must not be negative, got seed {seed}, chunk {chunk}")
    key = (*words(claim_id), *words(experiment), chunk)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
