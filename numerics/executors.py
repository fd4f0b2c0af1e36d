"""Where work runs, by name: here, on processes, or on Dask. One door, :func:`open_executor`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from numerics.worker_pool import ExecutorError, WorkerDiedError, WorkerPool

__all__ = ["ExecutorError", "NAMES", "WorkerDiedError", "address_of", "open_executor"]

NAMES = ("here", "processes", "dask")
CLUSTER = "dask:tcp://HOST:PORT"


def address_of(name: str) -> str:
    """The scheduler in an executor's name, "" without one. Raises ExecutorError for a name that says nothing."""
    kind, colon, address = name.partition(":")
    if name in NAMES:
        return ""
    scheme, slashes, rest = address.partition("://")
    host, _, port = rest.rpartition(":")
    if kind != "dask" or not colon or scheme not in ("tcp", "tls") or not slashes or not host or not port.isdecimal():
        raise ExecutorError(f"{name!r} is no executor; write {', '.join(NAMES)} or {CLUSTER}")
    return address


@contextmanager
def open_executor(name: str, jobs: int = 1) -> Iterator[Executor | None]:
    """The executor ``name`` for the length of a block; nothing of it is left behind, however the block ends.

    ``"here"``: None, the work is done in this process. ``"processes"``: ``jobs`` of them; one that dies costs its task
    only. ``"dask"``: a cluster of ``jobs`` single-threaded workers on this machine, without a dashboard.
    ``"dask:tcp://HOST:PORT"``: the workers of a running ``dask scheduler``. Raises ExecutorError, in one sentence, for
    any other name, a missing extra, and a scheduler that cannot be reached or has no fitting workers.

    Work for Dask is sent with pickle, and its results come back the same way: a scheduler must be trusted.
    """
    address = address_of(name)
    if name == "here":
        yield None
    elif name == "processes":
        pool = WorkerPool(jobs)
        try:
            yield pool
        finally:
            pool.end()
    else:
        from numerics.dask_executor import cluster_at, cluster_here

        with cluster_at(address) if address else cluster_here(jobs) as executor:
            yield executor
