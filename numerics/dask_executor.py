"""Dask as an executor: its futures, its retries, and its troubles in one sentence each."""

from __future__ import annotations

import contextlib
import functools
import logging
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from numerics import digests
from numerics.worker_pool import ExecutorError, WorkerDiedError, interrupts_blocked, keep_freed_memory

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a scheduler and its first worker may take to answer."""
_ONE_AT_A_TIME = threading.Lock()


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise ExecutorError("the executor dask needs an extra package: pip install 'infodyn[dask]'") from None
    return distributed


@functools.cache
def sources() -> str:
    """What the results depend on beside the task; a worker elsewhere must have the same."""
    return digests.digest(digests.environment((*digests.ROOMS, "proofs_checks", "infodyn")))


def _checked(fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, T]:
    """What a worker does: the result, and by which sources it was computed.

    One at a time in a process, whatever ``--nthreads`` says: the precision of balls belongs to the process.
    """
    keep_freed_memory()
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Dask's own threads draw from `random`, and Hypothesis takes that for a strategy of ours
        warnings.filterwarnings("ignore", message="Do not use the `random` module inside strategies")
        return sources(), fn(*args, **kwargs)


class DaskExecutor(Executor):
    """Work on the workers of a Dask client. A worker that dies is Dask's to replace, and its tasks are done again."""

    seconds_a_task = 0.5
    """A task costs the scheduler several milliseconds."""

    def __init__(self, client: Any, where: str) -> None:
        self._client, self._where = client, where
        self._executor = client.get_executor(pure=False)
        self._sources = sources()
        self._pending: set[Future[Any]] = set()
        self._lock, self._over = threading.Lock(), threading.Event()
        threading.Thread(target=self._watch, name="Dask watch", daemon=True).start()

    @property
    def jobs(self) -> int:
        """The number of workers that are there now."""
        return max(1, len(self._client.nthreads()))

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future of ``fn(*args, **kwargs)``; ExecutorError is its exception if Dask could not do it."""
        theirs = self._executor.submit(_checked, fn, args, kwargs)
        ours: Future[T] = Future()
        with self._lock:
            self._pending.add(ours)
        ours.add_done_callback(lambda future: theirs.cancel() if future.cancelled() else None)
        theirs.add_done_callback(functools.partial(self._pass_on, ours))
        return ours

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work."""
        self._executor.shutdown(wait=wait and not cancel_futures)

    def _watch(self) -> None:
        """A future whose result is on its way when the connection breaks would never be done."""
        silent = 0
        while not self._over.wait(1.0):
            silent = silent + 1 if self._client.status != "running" else 0
            if silent >= 3:
                with self._lock:
                    lost = list(self._pending)
                for ours in lost:
                    self._finish(ours, None, ExecutorError(f"{self._where} was lost, and its work with it"))

    def _finish(self, ours: Future[Any], value: Any, error: BaseException | None) -> None:
        with self._lock:
            if ours not in self._pending:
                return
            self._pending.remove(ours)
        if not ours.set_running_or_notify_cancel():
            return
        if error is None:
            ours.set_result(value)
        else:
            ours.set_exception(error)

    def _pass_on(self, ours: Future[Any], theirs: Future[tuple[str, Any]]) -> None:
        if theirs.cancelled():
            self._finish(ours, None, ExecutorError(f"{self._where} was lost, and its work with it"))
            return
        error = theirs.exception()
        if error is not None:
            self._finish(ours, None, self._in_words(error))
        elif theirs.result()[0] != self._sources:
            self._finish(ours, None, ExecutorError(_other_sources(self._where)))
        else:
            self._finish(ours, theirs.result()[1], None)

    def close(self) -> None:
        """End the watch; the client belongs to whoever made it."""
        self._over.set()

    def _in_words(self, error: BaseException) -> BaseException:
        distributed = _distributed()
        if isinstance(error, distributed.KilledWorker):
            died = getattr(error, "allowed_failures", 3) + 1
            return WorkerDiedError(f"the worker process died {died} times; is there enough memory?")
        if isinstance(error, (distributed.CancelledError, distributed.comm.CommClosedError)):
            return ExecutorError(f"{self._where} was lost, and its work with it")
        return error


@contextmanager
def cluster_here(jobs: int) -> Iterator[DaskExecutor]:
    """``jobs`` single-threaded worker processes and a scheduler on this machine, for the length of a block."""
    distributed = _distributed()
    import dask

    settings = {"logging.distributed": "critical", "distributed.worker.profile.enabled": False}
    with tempfile.TemporaryDirectory(prefix="infodyn-") as folder, dask.config.set(settings), _quiet():
        with interrupts_blocked():  # its threads and processes leave Ctrl-C to us
            cluster = distributed.LocalCluster(
                n_workers=jobs, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
                local_directory=folder, silence_logs=logging.CRITICAL,
            )  # fmt: skip
        with contextlib.closing(cluster), _client(distributed, cluster, "the local Dask cluster") as executor:
            yield executor


@contextmanager
def cluster_at(address: str) -> Iterator[DaskExecutor]:
    """The workers of the scheduler at ``address``. Raises ExecutorError if none answers or they run other sources."""
    distributed = _distributed()
    where = f"the Dask scheduler at {address}"
    with _quiet(), _client(distributed, address, where) as executor:
        yield executor


@contextmanager
def _client(distributed: Any, to: Any, where: str) -> Iterator[DaskExecutor]:
    try:
        client = distributed.Client(to, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ExecutorError(
            f"{where} does not answer; start one with: dask scheduler ({type(error).__name__})"
        ) from None
    try:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise ExecutorError(
                f"{where} has no workers; one is started by: dask worker ADDRESS --nthreads 1"
            ) from None
        try:
            if any(there != sources() for there in client.run(sources).values()):
                raise ExecutorError(_other_sources(where))
        except ImportError:
            raise ExecutorError(f"a worker of {where} cannot import infodyn; install it there as it is here") from None
        with contextlib.closing(DaskExecutor(client, where)) as executor:
            yield executor
    finally:
        client.close(timeout=PATIENCE)


def _other_sources(where: str) -> str:
    return f"a worker of {where} has another version of infodyn, NumPy or Python; install the same as here"


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask logs what it retries; we say what became of it."""
    known = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]
    before = {name: logging.getLogger(name).level for name in known}
    for name in known:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
