"""Statements and settings from inert JSON data: the way back from ``statement_data``. Trusted; standard library."""

from __future__ import annotations

from typing import Any

from theory.language.instances import (
    ANY,
    DIFFUSION,
    DISCRETE,
    FINITE_INFORMATION,
    GAUSSIAN,
    LINEAR,
    MATRIX,
    MIXTURE,
    VE,
    VP,
    Component,
    Law,
    LawClass,
    ProcessClass,
    Scalar,
    Setting,
)
from theory.language.statements import Chain, Iff, Rel, statement_data
from theory.language.terms import Term, TermError, from_data, make

LAW_CLASSES: dict[str, LawClass] = {c.name: c for c in (ANY, FINITE_INFORMATION, DISCRETE, GAUSSIAN, MIXTURE)}
PROCESS_CLASSES: dict[str, ProcessClass] = {c.name: c for c in (DIFFUSION, LINEAR, VE, VP, MATRIX)}


def _fields(data: Any, kind: str, *names: str) -> list[Any]:
    if not isinstance(data, dict) or set(data) != {"kind", *names} or data["kind"] != kind:
        raise TermError(f"not a {kind}: expected the fields {', '.join(names)}")
    return [data[name] for name in names]


def rel_from_data(data: Any) -> Rel:
    """A relation. Raises TermError on anything that ``statement_data`` does not write."""
    relation, lhs, rhs = _fields(data, "Rel", "relation", "lhs", "rhs")
    return Rel(str(relation), from_data(lhs), from_data(rhs))


def iff_from_data(data: Any) -> Iff:
    """An equivalence. Raises TermError on anything that ``statement_data`` does not write."""
    left, right = _fields(data, "Iff", "left", "right")
    return Iff(rel_from_data(left), rel_from_data(right))


def statement_from_data(data: Any) -> Rel | Chain:
    """A relation or a chain (the kinds that certificates exist for). Raises TermError otherwise."""
    if isinstance(data, dict) and data.get("kind") == "Chain":
        (links,) = _fields(data, "Chain", "links")
        if not isinstance(links, list):
            raise TermError("not a Chain: links must be a list")
        return Chain(tuple(rel_from_data(link) for link in links))
    return rel_from_data(data)


def _scalar(data: Any) -> Scalar:
    if isinstance(data, dict):
        term = from_data(["num", [], data])
        assert not isinstance(term.data, (int, str, tuple, type(None)))
        return term.data
    return from_data(data)


def law_from_data(data: Any) -> Law:
    """A concrete law. Raises TermError or LawError."""
    components, name = _fields(data, "Law", "components", "name")
    if not isinstance(components, list):
        raise TermError("not a Law: components must be a list")
    built = []
    for item in components:
        weight, mean, cov = _fields(item, "Component", "weight", "mean", "cov")
        if not isinstance(mean, list) or not isinstance(cov, list) or not all(isinstance(row, list) for row in cov):
            raise TermError("not a Component: the mean is a list, the covariance a list of lists")
        rows = tuple(tuple(_scalar(v) for v in row) for row in cov)
        built.append(Component(_scalar(weight), tuple(_scalar(v) for v in mean), rows))
    return Law(tuple(built), str(name))


def setting_data(setting: Setting) -> dict[str, Any]:
    """A setting as inert JSON data; classes go by their names."""
    law = {"class": setting.law.name} if isinstance(setting.law, LawClass) else statement_data(setting.law)
    return {
        "law": law, "process": setting.process.name, "D": setting.D,
        "positive": [t.data for t in setting.positive], "nonnegative": [t.data for t in setting.nonnegative],
    }  # fmt: skip


def setting_from_data(data: Any) -> Setting:
    """The setting that :func:`setting_data` wrote. Raises TermError on anything else."""
    names = ("law", "process", "D", "positive", "nonnegative")
    if not isinstance(data, dict) or set(data) != set(names):
        raise TermError(f"not a setting: expected the fields {', '.join(names)}")
    law, process, size = data["law"], data["process"], data["D"]
    if not isinstance(process, str) or process not in PROCESS_CLASSES:
        raise TermError(f"unknown process class {process!r}")
    if size is not None and (type(size) is not int or size < 1):
        raise TermError(f"D must be a positive integer, got {size!r}")
    if isinstance(law, dict) and set(law) == {"class"}:
        if not isinstance(law["class"], str) or law["class"] not in LAW_CLASSES:
            raise TermError(f"unknown law class {law['class']!r}")
        what: Law | LawClass = LAW_CLASSES[law["class"]]
    else:
        what = law_from_data(law)
    return Setting(what, PROCESS_CLASSES[process], size, _symbols(data["positive"]), _symbols(data["nonnegative"]))


def _symbols(names: Any) -> tuple[Term, ...]:
    if not isinstance(names, list):
        raise TermError("symbols are given as a list of names")
    return tuple(make("sym", (), name) for name in names)
