"""Worker processes as an executor that outlives its workers: one that dies costs the task it had, and nothing else.

``ProcessPoolExecutor`` breaks as a whole when one process dies, and takes every task under way with it. Here each
worker has a pipe of its own, so it is known whose task was lost: it is run again on a fresh process, and given up with
a sentence when it has taken ``DEATHS`` workers with it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

DEATHS = 3
"""So many workers may a task take with it before it is given up."""
MAIN = 'if __name__ == "__main__":'


class ExecutorError(ValueError):
    """Work that cannot be done where it was sent, in one sentence."""


class WorkerDiedError(ExecutorError):
    """A task whose workers died again and again: its result is unknown."""


@dataclass
class _Task:
    """A pickled call, the future of its result, and how many workers it has taken with it."""

    data: bytes
    future: Future[Any]
    deaths: int = 0
    begun: bool = False


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    task: _Task | None = None
    ready: bool = False


@dataclass
class _State:
    """What submitting threads and the thread that looks after the workers share."""

    tasks: deque[_Task] = field(default_factory=deque)
    closing: bool = False
    ending: bool = False
    rung: bool = False


class WorkerPool(Executor):
    """``jobs`` processes, started when there is work for them. They ignore Ctrl-C and do not outlive this process.

    Functions and arguments must be picklable and importable in a fresh interpreter. A context manager like every
    executor; :meth:`end` is the quick way out.
    """

    seconds_a_task = 0.02
    """A task should be this long; shorter ones are better sent together (a task costs about a millisecond)."""

    def __init__(self, jobs: int) -> None:
        if jobs < 1:
            raise ExecutorError(f"there must be at least one worker process, not {jobs}")
        self.jobs = jobs
        self._state, self._lock = _State(), threading.Lock()
        self._bell, self._ring = Pipe(duplex=False)
        self._crew: list[_Worker] = []
        self._stillborn = 0
        self._thread = threading.Thread(target=self._look_after, name="worker pool", daemon=True)
        with interrupts_blocked():
            self._thread.start()
        atexit.register(self.end)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The future of ``fn(*args, **kwargs)``. What cannot be pickled is the exception of the future."""
        future: Future[T] = Future()
        try:
            data = bytes(ForkingPickler.dumps((fn, args, kwargs)))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            future.set_exception(ExecutorError(f"the task cannot be sent to another process: {error}"))
            return future
        with self._lock:
            if self._state.closing:
                raise RuntimeError("cannot submit to an executor that was shut down")
            self._state.tasks.append(_Task(data, future))
            self._call()
        return future

    def _call(self) -> None:
        """Wake the thread that looks after the workers, unless it was called already (a full pipe would block)."""
        if not self._state.rung:
            self._state.rung = True
            self._ring.send_bytes(b".")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work; the workers end when what was submitted is done (or, cancelled, what they are at)."""
        self._leave(cancel=cancel_futures, end=False, wait=wait)

    def end(self) -> None:
        """Cancel what has not begun, kill the workers, and wait until they are gone."""
        self._leave(cancel=True, end=True, wait=True)

    def pids(self) -> list[int]:
        """The process ids of the workers that are there now."""
        return [worker.process.pid for worker in list(self._crew)]

    def _leave(self, *, cancel: bool, end: bool, wait: bool) -> None:
        with self._lock:
            self._state.closing = True
            self._state.ending |= end
            cancelled = list(self._state.tasks) if cancel else []
            if cancel:
                self._state.tasks.clear()
            if self._thread.is_alive():
                self._call()
        atexit.unregister(self.end)
        for task in cancelled:
            if task.future.cancel():
                task.future.set_running_or_notify_cancel()
            elif task.begun:  # it waits for another worker
                task.future.set_exception(ExecutorError("the worker processes were ended before the task was"))
        if wait:
            self._thread.join()

    def _look_after(self) -> None:
        """The life of the pool, in a thread of its own (where Ctrl-C is blocked, also for the processes it starts)."""
        try:
            while not self._state.ending:
                self._hand_out()
                busy = [w for w in self._crew if w.task is not None]
                with self._lock:
                    if self._state.closing and not busy and not self._state.tasks:
                        return
                sentinels: list[Any] = [w.process.sentinel for w in busy]
                news = wait([self._bell, *(w.pipe for w in busy), *sentinels])
                if self._bell in news:
                    with self._lock:
                        self._bell.recv_bytes()
                        self._state.rung = False
                for worker in busy:
                    if worker.pipe in news or worker.process.sentinel in news:
                        self._receive(worker)
        finally:
            with self._lock:
                self._state.closing = True
                left = [task for task in self._state.tasks if task.begun or task.future.set_running_or_notify_cancel()]
                self._state.tasks.clear()
            left += [worker.task for worker in self._crew if worker.task is not None]
            for worker in list(self._crew):
                self._dismiss(worker)
            for task in left:
                task.future.set_exception(ExecutorError("the worker processes were ended before the task was"))

    def _hand_out(self) -> None:
        while sum(w.task is not None for w in self._crew) < self.jobs:
            with self._lock:
                task = self._state.tasks.popleft() if self._state.tasks else None
            if task is None:
                return
            if not task.begun and not task.future.set_running_or_notify_cancel():
                continue
            task.begun = True
            try:
                self._give(task)
            except (OSError, RuntimeError, AssertionError) as error:  # the last: a daemon may have no children
                task.future.set_exception(ExecutorError(f"no worker process could be started: {error}"))

    def _give(self, task: _Task) -> None:
        while True:
            worker = next((w for w in self._crew if w.task is None), None) or self._hire()
            try:
                worker.pipe.send_bytes(task.data)
            except OSError:  # it was killed while it had nothing to do
                self._dismiss(worker)
                continue
            worker.task = task
            return

    def _hire(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = Pipe()
        process = context.Process(target=_serve, args=(theirs, os.getpid()), daemon=True)
        with interrupts_blocked():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._crew.append(worker)
        return worker

    def _dismiss(self, worker: _Worker) -> str:
        """Kill a worker; how it had ended before, if it had."""
        self._crew.remove(worker)
        with contextlib.suppress(OSError):
            worker.pipe.close()
        code = worker.process.exitcode
        worker.process.kill()
        worker.process.join()
        code = worker.process.exitcode if code is None else code
        return f"signal {signal.Signals(-code).name}" if code and code < 0 else f"exit code {code}"

    def _receive(self, worker: _Worker) -> None:
        task = worker.task
        assert task is not None
        try:
            if not worker.pipe.poll():  # the process is gone and has said nothing
                raise EOFError
            data = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._bury(worker, task)
            return
        if not worker.ready:
            worker.ready, self._stillborn = True, 0
            return
        worker.task = None
        try:
            value, error = pickle.loads(data)
        except Exception as why:  # noqa: BLE001 - whatever a class does when it is rebuilt, it belongs to this task
            value, error = None, ExecutorError(f"the result of a task cannot be read: {why!r}")
        if error is None:
            task.future.set_result(value)
        else:
            task.future.set_exception(error)

    def _bury(self, worker: _Worker, task: _Task) -> None:
        """The worker died: run its task again on another, unless too many have died already."""
        worker.process.join(1.0)  # its pipe breaks a moment before it can be asked how it ended
        how = self._dismiss(worker)
        task.deaths += worker.ready
        self._stillborn += not worker.ready
        if task.deaths >= DEATHS:
            told = f"the worker process died {task.deaths} times ({how}); is there enough memory?"
            task.future.set_exception(WorkerDiedError(told))
        elif self._stillborn >= DEATHS * self.jobs:
            told = f"worker processes die as they start ({how}); a script must begin its work under {MAIN}"
            task.future.set_exception(ExecutorError(told))
        else:
            with self._lock:
                self._state.tasks.appendleft(task)


def _serve(pipe: Connection, parent: int) -> None:
    """The life of a worker: tasks until the pipe closes. It leaves Ctrl-C to the parent and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    keep_freed_memory()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(b"ready")
        while True:
            pipe.send_bytes(_do(pipe.recv_bytes()))


def _do(data: bytes) -> bytes:
    """The pickled (value, None) or (None, exception) of a pickled call."""
    try:
        fn, args, kwargs = pickle.loads(data)
        return bytes(ForkingPickler.dumps((fn(*args, **kwargs), None)))
    except Exception as error:  # noqa: BLE001 - an exception is the result of the task, whatever it is
        trace = traceback.format_exc()
        try:
            error.add_note(trace)
            out = bytes(ForkingPickler.dumps((None, error)))
            pickle.loads(out)  # an exception that cannot be rebuilt would be lost on the other side
        except Exception:  # noqa: BLE001 - what is left of it is its text
            out = bytes(ForkingPickler.dumps((None, ExecutorError(f"a task failed: {error!r}\n{trace}"))))
        return out


def _watch(parent: int) -> None:
    """Pipes of a killed parent may be held open by others; its number as a parent is not."""
    while os.getppid() == parent:
        time.sleep(0.25)
    os._exit(1)


@functools.cache
def keep_freed_memory() -> None:
    """Arrays of a chunk are freed and made anew all the time: with glibc, do not give them back to the system.

    In a thread of Dask the page faults take as long as the computation.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        libc = ctypes.CDLL(None)
        for option, megabytes in ((-1, 64), (-2, 16), (-3, 32)):  # M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD
            libc.mallopt(option, megabytes << 20)


@contextlib.contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Ctrl-C waits; threads and processes that are born meanwhile never see it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else it is started with the first process, and unblocks Ctrl-C for that
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
