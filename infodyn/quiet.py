"""Ctrl-C while the program is only being loaded: it leaves at once, with one line and without a traceback."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

INTERRUPTED = 130


def _leave(*_: object) -> None:
    os.write(2, b"infodyn: interrupted\n")
    os._exit(INTERRUPTED)  # nothing was begun that would have to be cleaned up


def begin() -> None:
    """The program has nothing to clean up yet; a stream that was closed by the shell is one that nobody reads."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the program
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def end() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt, which whoever has something to clean up can see."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def over() -> None:
    """The program is through and its exit code is known: Python's own end is not to be disturbed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more, or it is closed
            stream.flush()
    if signal.getsignal(signal.SIGINT) in (_leave, signal.default_int_handler):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
