"""Certificates of the component kernel, and the gate through which they become theorems. Trusted.

A certificate is inert JSON data::

    {"version": 1, "kind": "component", "statement": .., "setting": ..,
     "steps": [{"rule": name, "terms": {name: term, ..}}, ..]}

with one step for a relation, an equivalence or a located count, and one for each link of a chain. The kernel lowers the
statement itself and never searches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Union

from theory.kernel.component.model import Model
from theory.kernel.component.rules import RULES
from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.hypotheses import ASSUMED, DISCHARGED, Hypothesis
from theory.language.instances import Law, LawError, Setting
from theory.language.serial import rel_from_data, setting_data, setting_from_data, statement_from_data
from theory.language.statements import Chain, Digits, Extremum, Iff, Located, Rel, statement_data
from theory.language.terms import Term, TermError, from_data, to_data, walk

VERSION, KIND = 1, "component"
_MAX_TERMS = 64
_DECIMAL = re.compile(r"-?[0-9]{1,200}(\.[0-9]{1,200})?")
Closed = Union[Rel, Iff, Located, Chain]


@dataclass(frozen=True)
class Step:
    """A rule and the terms it asks for."""

    rule: str
    terms: Mapping[str, Term]


@dataclass(frozen=True)
class ClosedTheorem:
    """An accepted statement, where it holds, its named hypotheses, and how each step went."""

    statement: Closed
    setting: Setting
    scope: str
    hypotheses: tuple[Hypothesis, ...]
    steps: tuple[str, ...]


def certificate(statement: Closed, setting: Setting, steps: tuple[Step, ...]) -> dict[str, Any]:
    """The certificate as inert data."""
    return {
        "version": VERSION, "kind": KIND, "statement": statement_data(statement), "setting": setting_data(setting),
        "steps": [{"rule": s.rule, "terms": {name: to_data(t) for name, t in s.terms.items()}} for s in steps],
    }  # fmt: skip


def check(data: Any) -> ClosedTheorem:
    """The theorem that a certificate proves. Raises KernelError naming the step that is refused."""
    statement, setting, steps = _read(data)
    return check_steps(Model.of(setting), statement, setting, steps)


def check_steps(model: Model, statement: Closed, setting: Setting, steps: tuple[Step, ...]) -> ClosedTheorem:
    """:func:`check` for a statement and steps that are already terms; ``model`` is the setting's."""
    parts = statement.links if isinstance(statement, Chain) else (statement,)
    if len(parts) != len(steps):
        raise KernelError(f"{len(steps)} steps for {len(parts)} statements")
    said = []
    for number, (part, step) in enumerate(zip(parts, steps, strict=True), 1):
        if step.rule not in RULES:
            raise KernelError(f"step {number}: no rule {step.rule!r}")
        kind, rule = RULES[step.rule]
        if not isinstance(part, kind):
            raise KernelError(f"step {number}: the rule {step.rule} is for {kind.__name__}")
        try:
            said.append(rule(model, part, step.terms))
        except KernelError as error:
            raise type(error)(f"step {number}, {step.rule}: {error}") from error
        except RecursionError:
            raise KernelError(f"step {number}, {step.rule}: the term is nested too deeply") from None
    return ClosedTheorem(statement, setting, scope_of(setting), _hypotheses(model, statement), tuple(said))


def scope_of(setting: Setting) -> str:
    """For what a proof about a concrete law holds."""
    assert isinstance(setting.law, Law)
    name = setting.law.name or f"this law of {setting.law.K} component(s)"
    signs = [f"{t.data} > 0" for t in setting.positive] + [f"{t.data} >= 0" for t in setting.nonnegative]
    return ", ".join([f"D = {setting.law.D}", name, *signs, setting.process.text])


def _hypotheses(model: Model, statement: Closed) -> tuple[Hypothesis, ...]:
    found = [
        Hypothesis("positivity", "p and every denominator is positive", DISCHARGED, "sums of positive monomials"),
    ]
    if any(node.op in ("E", "entropy", "mmse", "information", "var", "covar") for node in _nodes(statement)):
        by = "polynomials against Gaussians: exact moments, smooth in t"
        found.append(Hypothesis("finite averages", "averages converge and may be differentiated", DISCHARGED, by))
    if any(isinstance(component.weight, Term) for component in model.law.components):
        found.append(Hypothesis("law", "its weights are positive and sum to 1", ASSUMED))
    found.extend(Hypothesis("non-zero denominator", text, ASSUMED) for text in sorted(model.hypotheses))
    return tuple(found)


def _nodes(value: Any) -> list[Term]:
    if isinstance(value, Term):
        return list(walk(value))
    if isinstance(value, tuple):
        return [node for v in value for node in _nodes(v)]
    if hasattr(value, "__dataclass_fields__"):
        return [node for name in value.__dataclass_fields__ for node in _nodes(getattr(value, name))]
    return []


def _read(data: Any) -> tuple[Closed, Setting, tuple[Step, ...]]:
    names = {"version", "kind", "statement", "setting", "steps"}
    if not isinstance(data, dict) or set(data) != names:
        raise KernelError(f"not a certificate: expected the fields {', '.join(sorted(names))}")
    if type(data["version"]) is not int or data["version"] != VERSION or data["kind"] != KIND:
        raise KernelError(f"not a certificate of kind {KIND!r}, version {VERSION}")
    if not isinstance(data["steps"], list):
        raise KernelError("not a certificate: steps is a list")
    try:
        statement, setting = _statement(data["statement"]), setting_from_data(data["setting"])
        return statement, setting, tuple(_step(item) for item in data["steps"])
    except (TermError, LawError) as error:
        raise KernelError(f"the certificate does not parse: {error}") from error
    except RecursionError:
        raise KernelError("the certificate is nested too deeply") from None


def _step(data: Any) -> Step:
    if not isinstance(data, dict) or set(data) != {"rule", "terms"} or not isinstance(data["terms"], dict):
        raise KernelError("not a step: expected the fields rule, terms")
    if len(data["terms"]) > _MAX_TERMS:
        raise KernelError(f"not a step: more than {_MAX_TERMS} terms")
    return Step(str(data["rule"]), {str(name): from_data(term) for name, term in data["terms"].items()})


def _statement(data: Any) -> Closed:
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind == "Iff" and set(data) == {"kind", "left", "right"}:
        return Iff(rel_from_data(data["left"]), rel_from_data(data["right"]))
    if kind == "Located":
        return _located(data)
    return statement_from_data(data)


def _located(data: dict[str, Any]) -> Located:
    if set(data) != {"kind", "what", "count", "at", "value", "within", "when"}:
        raise TermError("not a Located: unexpected fields")
    what = data["what"]
    if not isinstance(what, dict) or set(what) != {"kind", "term", "variable"}:
        raise TermError("not an Extremum: unexpected fields")
    if data["value"] is not None:
        raise UnsupportedError("this kernel proves the number of zeros and their places, not values")
    if data["count"] is not None and type(data["count"]) is not int:
        raise TermError("a count is an integer")
    return Located(
        Extremum(str(what["kind"]), from_data(what["term"]), from_data(what["variable"])),
        data["count"],
        _place(data["at"]),
        within=_interval(data["within"]),
        when=None if data["when"] is None else rel_from_data(data["when"]),
    )


def _place(data: Any) -> Term | Digits | None:
    if not isinstance(data, dict):
        return None if data is None else from_data(data)
    if set(data) != {"kind", "text"} or data["kind"] != "Digits" or not isinstance(data["text"], str):
        raise TermError("not Digits: expected the fields kind, text")
    if not _DECIMAL.fullmatch(data["text"]):
        raise TermError(f"not a decimal number: {data['text'][:40]!r}")
    return Digits(data["text"])


def _interval(data: Any) -> tuple[Fraction, Fraction] | None:
    if data is None:
        return None
    if not isinstance(data, list) or len(data) != 2:
        raise TermError("an interval has two ends")
    ends = []
    for item in data:
        end = item if type(item) is int else from_data(["num", [], item]).data
        if not isinstance(end, (int, Fraction)):
            raise TermError("the ends of an interval are rational numbers")
        ends.append(Fraction(end))
    if ends[0] >= ends[1]:
        raise TermError("the ends of an interval are in order")
    return ends[0], ends[1]
