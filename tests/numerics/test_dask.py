"""Work on Dask: one cluster on this machine for all tests here."""

import json
import os
import signal
import time
from dataclasses import dataclass

import pytest

from numerics import dask_executor
from numerics.executors import ExecutorError, open_executor
from numerics.simulate import simulate, total
from numerics.streams import stream
from numerics.worker_pool import WorkerDiedError
from proofs_checks import verify
from proofs_checks.assess import Options
from proofs_checks.evidence import Kind

distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")


@dataclass(frozen=True)
class Draw:
    seed: int

    def run(self, chunk):
        return stream(self.seed, "claim", "draw", chunk).standard_normal(1000).sum()


@dataclass(frozen=True)
class Slow:
    def run(self, chunk):
        time.sleep(0.2)
        return os.getpid()


@dataclass(frozen=True)
class Deadly:
    chunk: int

    def run(self, chunk):
        if chunk == self.chunk:
            os.kill(os.getpid(), signal.SIGKILL)
        return chunk


@pytest.fixture(scope="module")
def dask():
    with open_executor("dask", 2) as executor:
        yield executor


def test_the_same_bits_as_here_also_in_a_thousand_tiny_chunks(dask):
    assert list(simulate(Draw(5), 1000, dask)) == list(simulate(Draw(5), 1000))
    assert dask.jobs == 2


def test_a_killed_worker_costs_its_chunk_only(dask):
    results = simulate(Slow(), 12, dask)
    seen = [next(results)]
    os.kill(seen[0], signal.SIGKILL)
    seen += results
    assert len(seen) == 12
    assert seen[0] not in seen[6:]


def test_errors_of_a_task_are_its_own(dask):
    with pytest.raises(ValueError, match="invalid literal"):
        dask.submit(int, "x").result()
    assert dask.submit(abs, -2).result() == 2


def test_work_of_other_sources_is_refused(dask, monkeypatch):
    monkeypatch.setattr(dask, "_sources", "others")
    with pytest.raises(ExecutorError, match="another version of infodyn, NumPy or Python; install the same"):
        next(simulate(Draw(1), 2, dask))


def test_the_catalogue_is_judged_alike(dask):
    options = Options(kinds=frozenset({Kind.PROOF, Kind.SIMULATION}))
    claims = verify.select(["score.conditional_mean"])
    there, here = verify.run(claims, options, executor=dask), verify.run(claims, options)
    assert json.dumps(_without_times(there.to_json())) == json.dumps(_without_times(here.to_json()))


def _without_times(data):
    if isinstance(data, dict):
        return {k: _without_times(v) for k, v in data.items() if k != "seconds"}
    return [_without_times(v) for v in data] if isinstance(data, list) else data


def test_a_chunk_that_kills_every_worker_is_an_error_that_names_it(dask):
    with pytest.raises(WorkerDiedError, match="chunk 1 of 3: the worker process died 4 times"):
        list(simulate(Deadly(1), 3, dask))


def test_a_scheduler_by_its_address_and_one_that_is_not_there(dask, monkeypatch):
    address = dask._client.cluster.scheduler_address
    with open_executor(f"dask:{address}") as executor:
        assert total(Draw(2), 4, executor).value == total(Draw(2), 4).value
    monkeypatch.setattr(dask_executor, "PATIENCE", 0.5)
    with (
        pytest.raises(ExecutorError, match=r"the Dask scheduler at tcp://127.0.0.1:9 does not answer"),
        open_executor("dask:tcp://127.0.0.1:9"),
    ):
        pass


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ExecutorError, match=r"pip install 'infodyn\[dask\]'"), open_executor("dask", 1):
        pass
