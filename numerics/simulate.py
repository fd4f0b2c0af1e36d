"""The one driver of simulations: independent chunks, any executor, results in chunk order.

A *task* is inert, picklable data with ``run(chunk) -> result``. Chunks are submitted a few ahead, results are handed
out strictly by chunk number, and whoever reads them decides only from those already read: the bits depend on the task
and the seed, never on the number of workers, on what became of them, or on an interruption in between.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from numerics.digests import digest
from numerics.worker_pool import WorkerDiedError, WorkerPool

if TYPE_CHECKING:
    from numerics.saved import Saved

CHUNK = 16384
"""Paths in a chunk: the working set of one chunk fits the second-level cache in one dimension."""
TICK = 0.1
"""Seconds between two looks at whether to stop."""
LARGEST_BATCH = 1024

Result_co = TypeVar("Result_co", covariant=True)
Result = TypeVar("Result")
Progress = Callable[[int, int, float | None], None]
"""``progress(done, total, seconds_left)`` after each chunk; None while there is nothing to estimate it from."""


class Task(Protocol[Result_co]):
    """Work that is cut into chunks; ``run`` must depend on nothing but the task and the chunk number."""

    def run(self, chunk: int) -> Result_co:
        """The result of one chunk."""


class StoppedError(KeyboardInterrupt):
    """Ctrl-C, or ``stop()``, when ``done`` of ``chunks`` chunks had been handed out in order."""

    def __init__(self, done: int, chunks: int) -> None:
        super().__init__(f"stopped after {done} of {chunks} chunks")
        self.done, self.chunks = done, chunks


@dataclass(frozen=True)
class Total(Generic[Result]):
    """The sum of the results of chunks 0 .. done - 1 (None for none), added in order, of a run of ``chunks``.

    ``resumed`` of them were kept from an earlier run, ``seconds`` are those of this one.
    """

    value: Result | None
    done: int
    chunks: int
    resumed: int = 0
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every chunk is in."""
        return self.done == self.chunks

    def __str__(self) -> str:
        return f"all {self.chunks} chunks" if self.complete else str(StoppedError(self.done, self.chunks))


def run_chunks(task: Task[Result], first: int, count: int) -> tuple[list[Result], float]:
    """What a worker does (top-level, so that every way of starting workers can find it): (results, seconds)."""
    began = time.perf_counter()
    return [task.run(chunk) for chunk in range(first, first + count)], time.perf_counter() - began


def simulate(
    task: Task[Result], chunks: int, executor: Executor | None = None, ahead: int | None = None, *, first: int = 0,
    progress: Progress | None = None, stop: Callable[[], bool] | None = None, saved: Saved | None = None,
) -> Iterator[Result]:  # fmt: skip
    """The results of chunks ``first`` .. ``chunks`` - 1 in order.

    At most ``ahead`` pieces of work are under way at once (default: two for each worker). An executor that says how
    long a piece should be (``seconds_a_task``) gets several short chunks in one. Without an executor the chunks run
    here, one by one. Closing the iterator early cancels what has not begun. ``saved`` keeps every result, and those
    that it holds are not computed again.

    Raises StoppedError (a KeyboardInterrupt) at Ctrl-C or when ``stop()``; WorkerDiedError, naming the chunk, if its
    worker dies again and again; and whatever a chunk raises.
    """
    name, kept = "", list[Result]()
    if saved is not None:
        name = f"results from {first} of {digest(task)}"
        kept = list(saved.get(name)[1] or ())
    told, done = _Told(min(chunks, first + len(kept)), chunks, progress), first
    source = _here(task, min(chunks, first + len(kept)), chunks)
    if executor is not None:
        most = ahead if ahead is not None else 2 * max(2, getattr(executor, "jobs", 2))
        source = _elsewhere(task, min(chunks, first + len(kept)), chunks, executor, most, stop)
    try:
        for result in kept[: chunks - first]:
            yield result
            done += 1
        while done < chunks:
            if stop is not None and stop():
                raise StoppedError(done, chunks)
            result = next(source)
            if saved is not None:
                kept.append(result)
                saved.put(name, len(kept), kept)
            told(done + 1)
            yield result
            done += 1
    except KeyboardInterrupt:
        raise StoppedError(done, chunks) from None
    finally:
        source.close()


def total(
    task: Task[Result], chunks: int, executor: Executor | None = None, ahead: int | None = None, *,
    progress: Progress | None = None, stop: Callable[[], bool] | None = None, saved: Saved | None = None,
) -> Total[Result]:  # fmt: skip
    """The results of all chunks added up in order, in memory bounded by a chunk; see :func:`simulate`.

    Ctrl-C (or ``stop()``) ends the run early and the sum says so: the caller must look at ``complete``. ``saved``
    keeps the running sum, and a run that it holds goes on where that ends, with the same bits as if it had never
    stopped.
    """
    began = time.perf_counter()
    name = f"sum of {digest(task)}" if saved is not None else ""
    state: tuple[int, Any] = saved.get(name) if saved is not None else (0, None)
    resumed = state[0]
    if saved is not None and resumed > chunks:
        raise ValueError(f"{saved.path} holds {resumed} chunks of this run already, and {chunks} were asked for")
    try:
        for result in simulate(task, chunks, executor, ahead, first=resumed, progress=progress, stop=stop):
            state = state[0] + 1, result if not state[0] else state[1] + result
            if saved is not None:
                saved.put(name, *state)
    except KeyboardInterrupt:
        pass  # the answer to it is a sum that says that it is not complete
    finally:
        if saved is not None:
            saved.write()
    return Total(state[1], state[0], chunks, resumed, time.perf_counter() - began)


def _here(task: Task[Result], first: int, chunks: int) -> Generator[Result, None, None]:
    for chunk in range(first, chunks):
        yield task.run(chunk)


def _elsewhere(
    task: Task[Result], first: int, chunks: int, executor: Executor, most: int, stop: Callable[[], bool] | None
) -> Generator[Result, None, None]:
    """The results in order, in batches that last about as long as the executor likes them."""
    liked = getattr(executor, "seconds_a_task", 0.0)
    pending: deque[tuple[Future[tuple[list[Result], float]], int, int]] = deque()
    begun, size = first, 1
    try:
        while pending or begun < chunks:
            while begun < chunks and len(pending) < most:
                count = max(1, min(size, (chunks - begun) // most))  # small ones at the end, for all workers
                pending.append((_submitted(executor, task, begun, count, chunks), begun, count))
                begun += count
            future, start, count = pending[0]
            while not wait([future], timeout=TICK).done:
                if stop is not None and stop():
                    raise KeyboardInterrupt
            pending.popleft()
            try:
                results, seconds = future.result()
            except WorkerDiedError as error:
                if count == 1:
                    raise WorkerDiedError(f"chunk {start} of {chunks}: {error}") from None
                alone = [(_submitted(executor, task, c, 1, chunks), c, 1) for c in range(start, start + count)]
                pending.extendleft(reversed(alone))  # which of them is it?
                continue
            except BrokenExecutor as error:
                raise WorkerDiedError(_broken(start, chunks, error)) from None
            if liked:
                size = int(max(1, min(LARGEST_BATCH, 8 * size, liked * count / max(seconds, 1e-9))))
            yield from results
    finally:
        for future, _, _ in pending:
            future.cancel()


def _submitted(
    executor: Executor, task: Task[Result], first: int, count: int, chunks: int
) -> Future[tuple[list[Result], float]]:
    try:
        return executor.submit(run_chunks, task, first, count)
    except BrokenExecutor as error:
        raise WorkerDiedError(_broken(first, chunks, error)) from None


def _broken(chunk: int, chunks: int, error: BaseException) -> str:
    return f"chunk {chunk} of {chunks}: the executor broke down ({error})"


class _Told:
    """Tells the progress, with the time left at the pace of this run (what was kept took no time)."""

    def __init__(self, begun: int, chunks: int, progress: Progress | None) -> None:
        self.begun, self.chunks, self.progress = begun, chunks, progress
        self.start = time.perf_counter()

    def __call__(self, done: int) -> None:
        if self.progress is not None:
            pace = (time.perf_counter() - self.start) / max(1, done - self.begun)
            self.progress(done, self.chunks, pace * (self.chunks - done))


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
    pool = WorkerPool(jobs)
    try:
        yield pool
    finally:
        pool.end()
