import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from numerics.executors import ExecutorError, address_of, open_executor
from numerics.simulate import simulate, total
from numerics.streams import stream
from numerics.worker_pool import DEATHS, WorkerDiedError, WorkerPool


@dataclass(frozen=True)
class Draw:
    seed: int

    def run(self, chunk):
        return stream(self.seed, "claim", "draw", chunk).standard_normal(1000).sum()


@dataclass(frozen=True)
class Deadly:
    """Kills its own worker in some chunks, the first ``times`` times they are run."""

    folder: str
    chunks: tuple[int, ...]
    times: int

    def run(self, chunk):
        for n in range(self.times):
            mark = Path(self.folder) / f"{chunk}.{n}"
            if chunk in self.chunks and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        (Path(self.folder) / f"done {chunk} {os.getpid()} {time.monotonic_ns()}").touch()
        return Draw(7).run(chunk)


class OddError(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} {b}")


def fail(kind):
    if kind == "odd":
        raise OddError(1, 2)
    if kind == "value":
        raise ValueError("a sentence")
    return lambda: None


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_worker_costs_its_chunk_only(tmp_path):
    with open_executor("processes", 2) as pool:
        got = list(simulate(Deadly(str(tmp_path), (1, 4), DEATHS - 1), 8, pool, ahead=3))
    assert got == [Draw(7).run(c) for c in range(8)]
    done = [path.name.split()[1] for path in tmp_path.glob("done *")]
    assert sorted(done) == sorted(map(str, range(8)))  # nothing was done twice


def test_a_chunk_that_kills_every_worker_is_an_error_that_names_it(tmp_path):
    with open_executor("processes", 2) as pool:
        results = simulate(Deadly(str(tmp_path), (2,), 9), 6, pool, ahead=2)
        assert [next(results), next(results)] == [Draw(7).run(0), Draw(7).run(1)]
        with pytest.raises(WorkerDiedError, match=f"chunk 2 of 6: the worker process died {DEATHS} times .*SIGKILL"):
            next(results)
        assert total(Draw(1), 3, pool).complete  # the executor lives on


def test_an_idle_worker_that_is_killed_is_replaced():
    with open_executor("processes", 1) as pool:
        assert isinstance(pool, WorkerPool)
        first = pool.submit(os.getpid).result()
        os.kill(first, signal.SIGKILL)
        second = pool.submit(os.getpid).result()
        assert second != first
    assert not alive(second)


def test_nothing_is_left_of_work_that_was_given_up():
    with open_executor("processes", 2) as pool:
        futures = [pool.submit(time.sleep, 60) for _ in range(5)]
        while len(pool.pids()) < 2:
            time.sleep(0.01)
        pids = pool.pids()
    assert not any(map(alive, pids))
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(os.getpid)


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [("odd", ExecutorError, "OddError"), ("value", ValueError, "a sentence"), ("lambda", Exception, "lambda")],
)
def test_exceptions_and_results_that_cannot_be_sent_are_exceptions_of_their_task(kind, error, words):
    with open_executor("processes", 1) as pool:
        with pytest.raises(error, match=words):
            pool.submit(fail, kind).result()
        with pytest.raises(ExecutorError, match="cannot be sent"):
            pool.submit(lambda: None).result()
        assert pool.submit(abs, -1).result() == 1


def test_an_executor_that_is_left_in_peace_finishes_what_it_has():
    with WorkerPool(2) as pool:
        futures = [pool.submit(abs, -n) for n in range(20)]
    assert [future.result() for future in futures] == list(range(20))


def test_names_of_executors():
    assert [address_of(n) for n in ("here", "processes", "dask")] == ["", "", ""]
    assert address_of("dask:tcp://10.0.0.1:8786") == "tcp://10.0.0.1:8786"
    for name in ("", "dask:", "dask:host", "dask:http://a:1", "dask:tcp://:1", "dask:tcp://a:b", "ray"):
        with pytest.raises(ExecutorError, match="write here, processes, dask or dask:tcp"):
            address_of(name)
    with pytest.raises(ExecutorError, match="at least one"), open_executor("processes", 0):
        pass
    with open_executor("here", 4) as nothing:
        assert nothing is None
