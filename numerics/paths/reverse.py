"""The path form: drift and noise equations along simulated processes.

The SDE of the named direction is integrated literally in (x, t) by stochastic Heun in log sigma with the exact mixture
score, from the exact law at its first level. Given the end, X0 is drawn from P(. | x) at the last state (for few atoms
the average over that draw is taken exactly); with a label fixed in advance, X0 is each atom in turn (or fixed points).

* drift(F) = R: the mean of F(last) - F(first) - int R dtau is zero, also when weighted with the first state (a mean
  alone would accept drifts that agree on average only). Given the own end it is so for every end: on the paths that end
  there, or weighted with it (what is right on average over the ends is not the drift given the end). Computed with n
  and 2n steps of the same Brownian path and extrapolated; the change is the step bias.
* noise(F) = R: the residual quadratic variation sum |dF - R dW|^2, relative to that of F, tends to zero with the step;
  so does the covariation sum (dF - R dW) R dW, which tells factors near one apart, as the residual is only quadratic
  in an error. Extrapolated from strides 1 and 2; the change against strides 2 and 4 is the step bias.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from numerics.path_forms import Path, limit_of
from numerics.paths.averages import NotReadableError, has_average
from numerics.paths.decide import Test
from numerics.paths.motion import OWN, Equation, PathEnsemble, few_atoms
from numerics.paths.reading import closed, fields
from numerics.paths.timed import log_sigma_times
from numerics.rings import Unsupported
from numerics.schedules import LinearProcess
from numerics.simulate import CHUNK
from theory.language.definitions import FAMILY, FLOW, FORWARD, REVERSE_GIVEN_END, grad, unfold_linear
from theory.language.instances import STANDING, Law
from theory.language.statements import Rel
from theory.language.terms import Term, make

STEPS = 64
"""Steps of the finer path; the coarser has half as many."""
DRIVES = 4
"""At most so many gradient fields are made into controls."""
FIXED = 3
"""At most so many end points fixed in advance."""
Plan = tuple[PathEnsemble | None, list[Test], dict[str, str], dict[str, dict[str, str]]]


def plan(
    statements: dict[str, Rel], form: Path, law: Law, process: LinearProcess, rng: np.random.Generator
) -> list[Plan]:
    """One ensemble for each direction that occurs, with the tests of its statements, and the reasons of the others."""
    high, low = float(form.upper), float(form.lower)
    groups: dict[tuple[float, bool], list[tuple[str, Rel, Equation]]] = {}
    reasons: dict[str, str] = {}
    grids = {
        False: log_sigma_times(process, high, low, STEPS),
        True: log_sigma_times(process, low, high, STEPS),
    }
    labels = fixed_ends(law)
    for name, statement in statements.items():
        try:
            lam, forward = _motion(statement, law, process)
            for equation in _equations(statement, min(len(labels), FIXED), law):
                groups.setdefault((lam, forward), []).append((name, statement, equation))
        except NotReadableError as why:
            reasons[name] = str(why)
    out: list[Plan] = [(None, [], reasons, {})]
    for (lam, forward), members in groups.items():
        equations = tuple(equation for _, _, equation in members)
        bare = PathEnsemble(law, process, grids[forward], lam, forward, labels, equations, (), None)
        memory = next((e for e in equations if bare.averages_ends(e)), None)
        ensemble = replace(bare, drives=_drives(bare), memory=memory)
        if memory is not None and _readable(bare, slope := grad(memory.field), 0):
            ensemble = replace(ensemble, slope=slope)
        tests = []
        for (name, statement, e), (size, change) in zip(members, ensemble.sizes(CHUNK, rng), strict=True):
            part = "own end" if e.label == OWN and (e.needs_end or e.end) else ""
            fixed = f"component {e.label + 1}" if e.needs_label else f"label {labels[e.label]}"
            part = part if e.label == OWN else fixed
            part += f" {e.kind}" if e.kind == "covariation" else ""
            part += f" {e.end}" if e.end and few_atoms(law) else f" weighted by end x{e.end}" if e.end else ""
            part += f" weighted by {'|x|^2' if e.weight > law.D else f'x{e.weight}'}" if e.weight else ""
            margin = float(form.margin) * (size if size > 0 else change)
            tests.append(Test(name, part.strip(), statement.relation, margin, limit=limit_of(form), smooth=True))
        out.append((ensemble, tests, {}, {}))
    return out


def _drives(ensemble: PathEnsemble) -> tuple[tuple[Term, int], ...]:
    """The fields whose sums against dW follow the drift equations most closely: grad F, or grad <F> for an own end."""
    out: dict[tuple[Term, int], None] = {}
    for e in ensemble.equations:
        if e.kind != "drift" or ensemble.lam == 0:
            continue
        hidden = e.given_end and "X0" in e.field.free
        term = grad(make("post", (e.field,))) if hidden else grad(e.field)
        label = e.label if e.field.free & {"X0", "Z"} and not hidden else OWN
        if _readable(ensemble, term, label):  # else no closed posterior average: the test goes without this control
            out.setdefault((term, label))
    return tuple(out)[:DRIVES]


def _readable(ensemble: PathEnsemble, term: Term, label: int) -> bool:
    x, end = np.zeros((2, ensemble.law.D)), np.array([ensemble.labels[0]] * 2)
    try:
        fields(ensemble.law, ensemble.process, ensemble.grid.times[-1], [term], x, end, label)
    except Unsupported:
        return False
    return True


def fixed_ends(law: Law) -> tuple[tuple[float, ...], ...]:
    """End points fixed in advance: the atoms, or the standing points for a density."""
    if law.is_discrete:
        return tuple(tuple(_float(v) for v in c.mean) for c in law.components)
    points = next((i.X0 for i in STANDING if i.law.D == law.D and not i.law.is_discrete), ())
    if not points:
        points = (tuple(v for v in law.components[0].mean),)
    return tuple(tuple(_float(v) for v in point) for point in points)


def _float(value: object) -> float:
    if not isinstance(value, Fraction):
        raise NotReadableError("the law holds symbols")
    return float(value)


def _motion(statement: Rel, law: Law, process: LinearProcess) -> tuple[float, bool]:
    """(lambda, whether the simulated SDE runs forward) of the process that the statement is about."""
    lhs = statement.lhs
    if lhs.op not in ("drift", "noise"):
        raise NotReadableError("a static identity: neither a drift nor a noise equation")
    along = str(lhs.data)
    if along == FLOW:
        if lhs.op == "noise":
            raise NotReadableError("the flow has no noise by definition")
        return 0.0, False
    if along == FAMILY:
        return abs(closed(law, process, 0.0, unfold_linear(lhs.args[1]))), False
    return 1.0, along == FORWARD


def _equations(statement: Rel, labels: int, law: Law) -> list[Equation]:
    """The observables of a statement: one for its own end, or one for each fixed label."""
    lhs = statement.lhs
    field, right, along = unfold_linear(lhs.args[0]), unfold_linear(statement.rhs), str(lhs.data)
    if has_average(field) or has_average(right):
        raise NotReadableError("an average over the joint law occurs in a drift or noise equation")
    free = field.free | right.free
    if {"X0", "Z"} <= free:
        raise NotReadableError("an end point and a label occur at once: paths fix one of them")
    if "Z" in free and along == REVERSE_GIVEN_END:
        raise NotReadableError("a label occurs in an equation given the end point: paths fix one of them")
    if lhs.op == "noise" and statement.relation != "=":
        raise NotReadableError("a noise equation is an equality")
    own = "X0" not in free or along in (REVERSE_GIVEN_END, FORWARD)
    sign = -1.0 if along == FLOW else 1.0
    given = along == REVERSE_GIVEN_END
    weights = [(weight, 0) for weight in range(law.D + 2)] if lhs.op == "drift" else [(0, 0)]
    if lhs.op == "drift" and given:
        if few_atoms(law):
            weights = [(weight, k) for k in range(1, law.K + 1) for weight, _ in weights]
        else:
            weights += [(0, i) for i in range(1, law.D + 1)]
    choices = range(min(law.K, FIXED)) if "Z" in free else [OWN] if own else range(labels)
    kinds = ["drift"] if lhs.op == "drift" else ["noise", "covariation"]
    return [
        Equation(kind, field, right, label, sign, given, weight, end)
        for kind in kinds for label in choices for weight, end in weights
    ]  # fmt: skip
