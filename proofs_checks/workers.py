"""Worker processes, each with one pipe: a task that takes too much time or memory is ended alone, the rest goes on."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import Any

Work = Callable[[Any, Callable[[Any], None]], None]
"""``work(task, send)``: does the task in a worker and sends what it finds, piece by piece."""

TICK = 0.1
MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Of one task: wall-clock ``seconds``, and ``megabytes`` of memory in use (watched where the system tells)."""

    seconds: float
    megabytes: int


@dataclass(frozen=True)
class Begun:
    """The task number ``task`` was handed to a worker."""

    task: int


@dataclass(frozen=True)
class Sent:
    """A piece that the task number ``task`` found."""

    task: int
    piece: Any


@dataclass(frozen=True)
class Ended:
    """The task is over. ``limit`` names the limit that ended it; ``error`` says what broke (else both are empty).

    ``died``: it was its worker that broke, now for the second time.
    """

    task: int
    limit: str = ""
    error: str = ""
    died: bool = False
    seconds: float = 0.0


class _Worker:
    """A process and what it is doing."""

    def __init__(self, work: Work, others: Sequence[_Worker], limits: Limits) -> None:
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
        self.pipe, theirs = context.Pipe()
        forked = context.get_start_method() == "fork"
        inherited = [self.pipe, *(w.pipe for w in others)] if forked else []
        process: Any = context.Process
        self.process = process(target=_serve, args=(work, theirs, inherited, os.getpid(), limits), daemon=True)
        with _no_interrupt(), warnings.catch_warnings():
            # a worker computes, and touches nothing that another thread of this process may hold
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()
        self.task: int | None = None
        self.began = 0.0

    def give(self, number: int, task: Any) -> None:
        """Hand out a task. Raises OSError if the worker is dead."""
        self.pipe.send((number, task))
        self.task, self.began = number, time.monotonic()

    def spent(self) -> float:
        """Seconds since the task was handed out."""
        return time.monotonic() - self.began

    def over(self, limits: Limits) -> str:
        """The limit that the task has passed, in words, or ""."""
        if self.spent() > limits.seconds:
            return f"time: more than {limits.seconds:g} s"
        if _resident(self.process.pid) > limits.megabytes * MEGABYTE:
            return f"memory: more than {limits.megabytes} MB"
        return ""

    def bloated(self, limits: Limits) -> bool:
        """Whether what earlier tasks left behind would count much against the next."""
        return _resident(self.process.pid) > limits.megabytes * MEGABYTE / 2

    def end(self, patience: float = 0.0) -> str:
        """Kill the process; how it had ended, if it had within ``patience`` seconds."""
        self.process.join(patience)
        code = self.process.exitcode
        self.process.kill()
        self.process.join()
        self.pipe.close()
        if code is None:
            return ""
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Ctrl-C waits, also in a child that is just being born."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _resident(pid: int | None) -> int:
    """Bytes of memory that a process has in use; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def physical_megabytes() -> int:
    """The memory of this machine, or a huge number where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
    except (OSError, ValueError, AttributeError):
        return 2**40


def _serve(work: Work, pipe: Connection, inherited: Sequence[Connection], parent: int, limits: Limits) -> None:
    """The life of a worker: tasks until the pipe closes. It leaves Ctrl-C to the parent and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in inherited:
        other.close()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    _bound_memory(limits)
    _die_with_parent()
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    with contextlib.suppress(EOFError, OSError, _GoneError):
        while True:
            number, task = pipe.recv()
            pipe.send(_do(work, number, task, pipe))
    os._exit(0)  # no clean-up of what was copied from the parent


class _GoneError(Exception):
    """The parent is gone: nobody asks any more."""


def _do(work: Work, number: int, task: Any, pipe: Connection) -> Ended:
    def send(piece: Any) -> None:
        try:
            pipe.send(Sent(number, piece))
        except OSError:
            raise _GoneError from None

    try:
        work(task, send)
    except MemoryError:
        return Ended(number, limit="memory: no more could be had")
    except _GoneError:
        raise
    except Exception as error:  # noqa: BLE001 - a defect in a judge, whatever it is, belongs to its claim alone
        return Ended(number, error=f"internal error: {error!r}")
    return Ended(number)


def _die_with_parent() -> None:
    """On Linux the kernel ends the worker with its parent, even in the middle of a long computation in C."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)  # 1: PR_SET_PDEATHSIG


def _watch(parent: int) -> None:
    """The same everywhere; and if the parent was gone before the kernel was asked."""
    while os.getppid() == parent:
        time.sleep(0.25)
    os._exit(1)


def _bound_memory(limits: Limits) -> None:
    """One huge allocation fails in the worker before it troubles the machine; the parent watches the rest."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as stream:
            mapped = int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        bound = mapped + 2 * limits.megabytes * MEGABYTE
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (bound if hard < 0 else min(bound, hard), hard))
    except (ImportError, OSError, ValueError, IndexError):
        return  # no such limits on this system


def supervise(
    tasks: Sequence[Any], work: Work, *, jobs: int, limits: Limits, stop: Callable[[], bool] = lambda: False
) -> Iterator[Begun | Sent | Ended]:
    """Do ``tasks`` in order of appearance on ``jobs`` processes and yield what happens, until all ended or ``stop()``.

    A task whose worker died is done again once, alone, when the others are through (memory may have run out); what it
    sent before is then sent again. ``work`` and the tasks must be importable and picklable where processes are
    spawned. Workers are killed, not waited for, when the iterator is closed.
    """
    queue, again = deque(enumerate(tasks)), deque[tuple[int, Any]]()
    retried: set[int] = set()
    crew: list[_Worker] = []
    try:
        while queue or again or any(w.task is not None for w in crew):
            if stop():
                return
            busy = sum(w.task is not None for w in crew)
            if not queue and again and not busy:
                queue.append(again.popleft())
            while queue and busy < jobs:
                yield Begun(_hand_out(queue, crew, work, limits))
                busy += 1
            for event in _listen(crew, limits):
                if isinstance(event, Ended) and event.died and event.task not in retried:
                    retried.add(event.task)
                    again.append((event.task, tasks[event.task]))
                else:
                    yield event
    finally:
        for worker in crew:
            worker.end()


def _hand_out(queue: deque[tuple[int, Any]], crew: list[_Worker], work: Work, limits: Limits) -> int:
    number, task = queue.popleft()
    while True:
        worker = next((w for w in crew if w.task is None), None)
        if worker is None:
            worker = _Worker(work, crew, limits)
            crew.append(worker)
        try:
            worker.give(number, task)
            return number
        except OSError:  # killed while idle: another takes the task
            crew.remove(worker)
            worker.end()


def _listen(crew: list[_Worker], limits: Limits) -> Iterator[Sent | Ended]:
    """Wait a tick for news of the crew; workers that passed a limit or died are ended and taken off it."""
    ready = wait([w.pipe for w in crew if w.task is not None], timeout=TICK)
    for worker in [w for w in crew if w.task is not None]:
        number = worker.task
        assert number is not None
        if worker.pipe in ready:
            try:
                event = worker.pipe.recv()
            except (EOFError, OSError):
                crew.remove(worker)
                how = worker.end(1.0) or "it closed its pipe"
                yield Ended(number, error=f"its worker process died ({how})", died=True, seconds=worker.spent())
                continue
            if isinstance(event, Ended):
                event = replace(event, seconds=worker.spent())
                worker.task = None
                if worker.bloated(limits):
                    crew.remove(worker)
                    worker.end()
            yield event
        elif limit := worker.over(limits):
            crew.remove(worker)
            worker.end()
            yield Ended(number, limit=limit, seconds=worker.spent())
