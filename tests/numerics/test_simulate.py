from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from numerics.simulate import looks, simulate, workers
from numerics.streams import stream, words


@dataclass(frozen=True)
class Draw:
    seed: int

    def run(self, chunk):
        return stream(self.seed, "claim", "draw", chunk).standard_normal(1000).sum()


def test_streams_are_stable_and_distinct():
    first = stream(1, "a.b", "e", 0).random(4)
    assert np.array_equal(first, stream(1, "a.b", "e", 0).random(4))
    others = [(2, "a.b", "e", 0), (1, "a.c", "e", 0), (1, "a.b", "f", 0), (1, "a.b", "e", 1)]
    for other in others:
        assert not np.array_equal(first, stream(*other).random(4))
    assert words("entropy.conditional_rate") == words("entropy.conditional_rate")
    assert all(0 <= w < 2**32 for w in words("x", 8))
    with pytest.raises(ValueError, match="negative"):
        stream(-1, "a", "e", 0)


def test_looks_double():
    assert list(looks(1)) == [1]
    assert list(looks(8)) == [1, 2, 4, 8]
    assert list(looks(11)) == [1, 2, 4, 8, 11]


def test_results_come_in_order_and_alike_from_any_executor():
    alone = list(simulate(Draw(5), 9))
    with ThreadPoolExecutor(3) as threads:
        assert list(simulate(Draw(5), 9, threads, ahead=2)) == alone
    with workers(2) as processes:
        assert list(simulate(Draw(5), 9, processes)) == alone


def test_one_job_needs_no_processes():
    with workers(1) as pool:
        assert pool is None


class Lazy:
    """An executor that runs a task only when its result is asked for, and counts."""

    def __init__(self):
        self.submitted = []

    def submit(self, function, *args):
        future = Future()
        self.submitted.append(future)
        future.set_result(function(*args)) if len(self.submitted) < 3 else None
        return future


def test_an_early_stop_cancels_what_has_not_begun():
    pool = Lazy()
    results = simulate(Draw(5), 100, pool, ahead=4)
    next(results)
    results.close()
    assert len(pool.submitted) == 4
    assert all(f.cancelled() for f in pool.submitted[2:])
