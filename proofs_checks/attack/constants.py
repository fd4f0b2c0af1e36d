"""The values of the named constants that every model shares."""

from __future__ import annotations

from typing import Any

from proofs_checks.attack import enclose
from proofs_checks.attack.enclose import Interval
from proofs_checks.attack.series import UnreadableError


def standard_constant(name: tuple[Any, ...]) -> Interval:
    """log n, log pi, pi and e."""
    if name[0] == "log":
        return enclose.log(enclose.point(name[1]))
    if name == ("log pi",):
        return enclose.log(enclose.PI)
    if name == ("pi",):
        return enclose.PI
    if name == ("exp",):
        return enclose.exp(enclose.point(1))
    raise UnreadableError(f"the constant {name} has no value here")
