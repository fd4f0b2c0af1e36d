import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from numerics.simulate import StoppedError, looks, simulate, total, workers
from numerics.streams import stream, words
from numerics.worker_pool import WorkerDiedError


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


def test_the_total_is_the_sum_in_order_and_tells_its_progress():
    told = []
    with ThreadPoolExecutor(2) as threads:
        whole = total(Draw(5), 20, threads, progress=lambda *now: told.append(now))
    value = 0.0
    for result in simulate(Draw(5), 20):
        value += result
    assert (whole.value, whole.done, whole.complete) == (value, 20, True)
    assert [now[:2] for now in told] == [(n, 20) for n in range(1, 21)]
    assert all(left >= 0 for _, _, left in told)
    assert told[-1][2] == 0


@pytest.mark.parametrize("threads", [0, 2])
def test_stopping_hands_out_what_is_finished_and_says_so(threads):
    seen = []
    with ThreadPoolExecutor(max(1, threads)) as pool:
        executor = pool if threads else None
        part = total(Draw(5), 9, executor, progress=lambda *now: seen.append(now), stop=lambda: len(seen) >= 4)
        assert (part.done, part.value, str(part)) == (4, total(Draw(5), 4).value, "stopped after 4 of 9 chunks")
        with pytest.raises(StoppedError, match="stopped after 0 of 9 chunks") as caught:
            next(simulate(Draw(5), 9, executor, stop=lambda: True))
    assert (caught.value.done, caught.value.chunks) == (0, 9)
    nothing = total(Draw(5), 9, stop=lambda: True)
    assert (nothing.value, nothing.done, nothing.complete) == (None, 0, False)


class Batches:
    """An executor that likes long pieces, and notes how many chunks each had."""

    seconds_a_task = 10.0

    def __init__(self):
        self.counts = []

    def submit(self, function, task, first, count):
        self.counts.append(count)
        future = Future()
        future.set_result(function(task, first, count))
        return future


def test_short_chunks_go_together_and_the_bits_stay():
    pool = Batches()
    assert list(simulate(Draw(5), 1000, pool, ahead=4)) == list(simulate(Draw(5), 1000))
    assert len(pool.counts) < 60
    assert pool.counts[-4:] == [1, 1, 1, 1]  # work for everybody to the end


class Fatal:
    def run(self, chunk):
        os._exit(1)


def test_an_executor_of_others_that_breaks_down_is_an_error_that_names_the_chunk():
    with ProcessPoolExecutor(1) as pool, pytest.raises(WorkerDiedError, match="chunk 0 of 3: the executor broke down"):
        list(simulate(Fatal(), 3, pool))


PRESSED = """
import os, sys, time
from numerics.executors import open_executor
from numerics.simulate import total
from tests.numerics.test_simulate import Sleep
if __name__ == "__main__":
    with open_executor(sys.argv[1], 2) as pool:
        print(total(Sleep(), 1000, pool, progress=lambda *now: print("running", flush=True)))
        print(*(pool.pids() if pool else ()))
"""


class Sleep:
    def run(self, chunk):
        time.sleep(0.02)
        return chunk


@pytest.mark.parametrize("name", ["here", "processes"])
def test_ctrl_c_at_the_terminal_leaves_a_partial_sum_and_no_process(tmp_path, name):
    script = tmp_path / "script.py"
    script.write_text(PRESSED)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    run = subprocess.Popen(
        [sys.executable, str(script), name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
        start_new_session=True,
    )  # fmt: skip
    assert run.stdout.readline() == "running\n"
    os.killpg(run.pid, signal.SIGINT)  # everybody in the foreground gets it
    out, err = run.communicate(timeout=60)
    assert err == ""
    *_, told, pids = out.splitlines()
    assert told.startswith("stopped after ")
    assert told.endswith(" of 1000 chunks")
    for pid in pids.split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
