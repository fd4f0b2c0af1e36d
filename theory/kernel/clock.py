"""A time limit on the kernel's work. It can only refuse: an answer never depends on it. Trusted; standard library only.

Whoever calls the kernel may say until when (``with until(deadline): ..``); products of elements then stop with a
BudgetError. Without a limit there is none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from theory.kernel.errors import BudgetError

_limits: list[float] = []


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Work inside the block stops at ``deadline`` (of time.monotonic), or at an earlier one set outside."""
    _limits.append(min([deadline, *_limits[-1:]]))
    try:
        yield
    finally:
        _limits.pop()


def check() -> None:
    """Raise BudgetError beyond the limit."""
    if _limits and time.monotonic() > _limits[-1]:
        raise BudgetError("the time budget is spent")
