"""What a kernel says when it does not accept. None of these means "false"."""

from __future__ import annotations


class KernelError(ValueError):
    """A step is refused. The message names the step; nothing is said about the truth of the statement."""


class UnsupportedError(KernelError):
    """The statement, or a part of it, lies outside what this kernel can read. The message names the part."""


class BudgetError(KernelError):
    """An element grew beyond the fixed size limit; the question stays open."""
