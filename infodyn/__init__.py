"""infodyn: a verifier for the theory of generative diffusion.

>>> import infodyn as idn
>>> idn.value("conditional-entropy", "deltas(-1: 1/2, 1: 1/2)", "ve", at="sigma=1", digits=10)  # doctest: +SKIP
>>> idn.derive("score", "deltas(-mu: 1/2, mu: 1/2)", "ve").sympy  # doctest: +SKIP
>>> idn.verify("entropy.conditional_rate").exit_code()  # doctest: +SKIP

Everything a user needs is importable from here; heavy parts are imported when they are first used.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "verify": "infodyn.api", "value": "infodyn.numbers", "derive": "infodyn.api", "claims": "infodyn.api",
    "sweep": "infodyn.numbers", "peaks": "infodyn.numbers", "simulate": "infodyn.simulating",
    "experiment": "infodyn.simulating",
    "fixed_points": "infodyn.numbers", "critical": "infodyn.numbers", "bifurcation_diagram": "infodyn.numbers",
    "parse_law": "theory.laws", "parse_process": "theory.processes",
    "Law": "theory.language.instances", "Germ": "theory.language.instances", "Setting": "theory.language.instances",
    "Instance": "theory.language.instances",
    "STANDING_GERM": "theory.language.instances",
    **dict.fromkeys(("ANY", "FINITE_INFORMATION", "DISCRETE", "GAUSSIAN", "MIXTURE"), "theory.language.instances"),
    **dict.fromkeys(("LINEAR", "VE", "VP", "DIFFUSION", "MATRIX"), "theory.language.instances"),
    "deltas": "theory.language.instances", "mixture": "theory.language.instances",
    "gaussian": "theory.language.instances", "to_sympy": "theory.sympy_bridge", "from_sympy": "theory.sympy_bridge",
    "judge": "infodyn.judging", "language": "theory.language.notation", "statements": "theory.language.statements",
}  # fmt: skip
_MODULES = ("language", "statements")

__all__ = ["__version__", *_PUBLIC]


class ShadowedError(ImportError):
    """Another package of the same name hides one of infodyn's own."""


def _check_rooms() -> None:
    """The rooms have plain names; make sure that Python finds this distribution's own."""
    home = Path(__file__).resolve().parent.parent
    for room in ("theory", "numerics", "proofs_checks"):
        spec = find_spec(room)
        found = Path(spec.origin).resolve().parent.parent if spec is not None and spec.origin else None
        if found != home:
            where = f"is hidden by {found}" if found else "is missing"
            raise ShadowedError(f"infodyn's package '{room}' {where}; move that away or change sys.path")


_check_rooms()


def __getattr__(name: str) -> Any:
    home = _PUBLIC.get(name)
    if home is None:
        raise AttributeError(f"module 'infodyn' has no attribute {name!r}")
    module = importlib.import_module(home)
    return module if name in _MODULES else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
