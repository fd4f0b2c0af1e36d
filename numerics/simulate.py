"""The one driver of simulations: independent chunks, any executor, results in chunk order.

A *task* is inert, picklable data with ``run(chunk) -> result``. Chunks are submitted a few ahead, results are handed
out strictly by chunk number, and whoever reads them decides only from those already read: the bits depend on the task
and the seed, never on the number of workers.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

CHUNK = 16384
"""Paths in a chunk: the working set of one chunk fits the second-level cache in one dimension."""

Result_co = TypeVar("Result_co", covariant=True)
Result = TypeVar("Result")


class Task(Protocol[Result_co]):
    """Work that is cut into chunks; ``run`` must depend on nothing but the task and the chunk number."""

    def run(self, chunk: int) -> Result_co:
        """The result of one chunk."""


def run_chunk(task: Task[Result], chunk: int) -> Result:
    """What a worker does (a top-level function, so that every way of starting workers can find it)."""
    return task.run(chunk)


def simulate(task: Task[Result], chunks: int, executor: Executor | None = None, ahead: int = 4) -> Iterator[Result]:
    """The results of chunks 0, 1, .., chunks - 1 in order; at most ``ahead`` chunks are under way at once.

    Closing the iterator early cancels what has not begun. Without an executor the chunks run here, one by one.
    """
    if executor is None:
        for chunk in range(chunks):
            yield task.run(chunk)
        return
    pending: deque[Future[Result]] = deque()
    begun = 0
    try:
        while pending or begun < chunks:
            while begun < chunks and len(pending) < ahead:
                pending.append(executor.submit(run_chunk, task, begun))
                begun += 1
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def looks(chunks: int) -> Iterator[int]:
    """The chunk counts at which a decision may be taken: 1, 2, 4, 8, .. and ``chunks`` itself."""
    count = 1
    while count < chunks:
        yield count
        count *= 2
    yield chunks


@contextmanager
def workers(jobs: int, executor: Executor | None = None) -> Iterator[Executor | None]:
    """The caller's executor, or ``jobs`` fresh processes, or None (work here) for one job."""
    if executor is not None or jobs <= 1:
        yield executor
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool
