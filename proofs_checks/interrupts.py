"""Ctrl-C: never in the middle of something. Inside :func:`deferred` it is remembered, and answered at its end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Whether Ctrl-C was pressed; ``answered`` by whoever ended the work because of it."""

    def __init__(self) -> None:
        self.pressed = False
        self.answered = False


_outer: Interruption | None = None


@contextmanager
def deferred() -> Iterator[Interruption]:
    """Hold Ctrl-C back; the block may ask whether it was pressed, and answers it or leaves it to be raised at the end.

    Blocks may be nested. Outside the main thread, where Python runs no signal handlers, nothing is held back.
    """
    global _outer
    if _outer is not None or threading.current_thread() is not threading.main_thread():
        yield _outer if _outer is not None else Interruption()
        return
    state = Interruption()

    def remember(number: int, frame: FrameType | None) -> None:
        state.pressed = True

    before = signal.getsignal(signal.SIGINT)
    if before is None or before == signal.SIG_IGN:  # not ours to change: a background job, a host program
        yield state
        return
    signal.signal(signal.SIGINT, remember)
    _outer = state
    try:
        yield state
    finally:
        _outer = None
        signal.signal(signal.SIGINT, before)
    if state.pressed and not state.answered:
        signal.raise_signal(signal.SIGINT)
