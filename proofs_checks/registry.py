"""The catalogue in memory: claims register themselves when their chapter is imported, in reading order."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from numerics.path_forms import NotApplicable, PathForm
from proofs_checks.claim import Claim, ClaimError, Mutant, Source, original_of
from theory.language.instances import Instance, Setting
from theory.language.statements import Statement
from theory.language.terms import Term

_CLAIMS: dict[str, Claim] = {}
_LOADED = False


class UnknownClaimError(KeyError):
    """There is no claim of that id. The message suggests the nearest ones."""

    def __str__(self) -> str:
        return str(self.args[0])


def claim(
    id: str,
    *,
    title: str,
    source: Source,
    setting: Setting,
    statements: Mapping[str, Statement],
    paths: PathForm | Sequence[PathForm],
    mutants: Mapping[str, Statement | Mutant],
    proof: NotApplicable | None = None,
    squares: Mapping[str, Term] | None = None,
    single_route: Mapping[str, str] | None = None,
    instances: Sequence[Instance] = (),
    needs: Sequence[str] = (),
    expected: str = "verified",
    correction: str = "",
) -> Claim:
    """Register a claim; its chapter is the package of the calling module (see ``CONTRIBUTING.md``).

    Raises ClaimError if the id is taken or a part is not well formed.
    """
    if id in _CLAIMS:
        raise ClaimError(f"{id}: the id is taken; ids are permanent, choose another")
    group, chapter = _chapter_being_read()
    shaped = tuple(
        replace(m, name=name) if isinstance(m, Mutant) else Mutant(name, original_of(m, statements), m)
        for name, m in mutants.items()
    )
    forms = tuple(paths) if isinstance(paths, Sequence) else (paths,)
    new = Claim(
        id, title, source, setting, dict(statements), group, chapter, forms, shaped, proof,
        squares or {}, single_route or {}, tuple(instances), tuple(needs), expected, correction,
    )  # fmt: skip
    _CLAIMS[id] = new
    return new


def mutant(of: str, statement: Statement) -> Mutant:
    """A mutant of the statement called ``of``, where the left side alone does not tell."""
    return Mutant("", of, statement)


def not_applicable(reason: str) -> NotApplicable:
    """A kind of evidence that does not exist for a claim, with the reason."""
    return NotApplicable(reason)


_chapter: tuple[str, str] = ("A", "")


def _chapter_being_read() -> tuple[str, str]:
    return _chapter


def load() -> dict[str, Claim]:
    """All claims by id, in reading order."""
    global _LOADED, _chapter
    if not _LOADED:
        import proofs_checks.catalogue as catalogue

        for package in sorted(pkgutil.iter_modules(catalogue.__path__), key=lambda m: m.name):
            module: Any = importlib.import_module(f"{catalogue.__name__}.{package.name}")
            _chapter = (module.GROUP, module.TITLE)
            for name in module.READING_ORDER:
                importlib.import_module(f"{module.__name__}.{name}")
        _LOADED = True
    return dict(_CLAIMS)


def find(id: str) -> Claim:
    """The claim of that id. Raises UnknownClaimError with suggestions."""
    claims = load()
    if id in claims:
        return claims[id]
    import difflib

    near = difflib.get_close_matches(id, claims, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "see 'infodyn list'"
    raise UnknownClaimError(f"there is no claim {id!r}; {hint}")
