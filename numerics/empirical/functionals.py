"""Statements about rates as linear functionals of samples at the nodes of a rule between two noise levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from numerics.empirical.levels import Level, closed, level_at
from numerics.empirical.terms import prepare
from numerics.paths.averages import NotReadableError, difference, generators, has_average, polynomial
from numerics.paths.rates import FLIPPED, clenshaw_curtis
from theory.language.instances import LawError
from theory.language.statements import Rel, Statement
from theory.language.terms import Term, walk
from theory.processes import Place, Process

INTERVALS = 8


@dataclass(frozen=True)
class Nodes:
    """Times t_0 < .. < t_n, the levels there, and the weights of the integral over t: the rule and its half."""

    levels: tuple[Level, ...]
    fine: tuple[float, ...]
    coarse: tuple[float, ...]


def nodes_between(process: Process, lower: Fraction, upper: Fraction) -> Nodes:
    """The nodes in log sigma between two noise levels; dt = d(log sigma) / (a + g^2/(2 sigma^2)).

    Raises LawError: levels in the wrong order, or that the process never has.
    """
    if not 0 < lower < upper:
        raise LawError(f"the noise levels must satisfy 0 < lower < upper, got {lower} and {upper}")
    places, rule = clenshaw_curtis(INTERVALS)
    half = clenshaw_curtis(INTERVALS // 2)[1]
    low, span = math.log(lower), math.log(upper / lower)
    levels = []
    for number, place in enumerate(places):
        exact = {0: lower, INTERVALS: upper}.get(number)
        sigma = exact if exact is not None else Fraction(math.exp(low + span * (float(place) + 1) / 2))
        levels.append(level_at(process, Place((("sigma", sigma),))))
    speeds = [v.a + v.g2 / (2 * v.sigma**2) for v in levels]
    if min(speeds) <= 0 < max(speeds) or 0 in speeds:
        raise LawError("sigma does not grow all the way between these levels; choose others")
    fine = tuple(float(w) * span / 2 / v for w, v in zip(rule, speeds, strict=True))
    coarse = tuple(float(half[i // 2]) * span / 2 / v if i % 2 == 0 else 0.0 for i, v in enumerate(speeds))
    return Nodes(tuple(levels), fine, coarse)


@dataclass(frozen=True)
class Functional:
    """A statement as relation(mean of rows, 0): ``rows`` are (term, node, weight, coarse weight, part).

    Part 0 is the change A(t2) - A(t1), part 1 the integral. ``constants``: what has no average, for the two parts and
    the coarse integral.
    """

    relation: str
    rows: tuple[tuple[Term, int, float, float, int], ...]
    constants: tuple[float, float, float]


def functional(statement: Statement, nodes: Nodes, D: int) -> Functional:
    """The statement solved for its rate. Raises NotReadableError: no rate, or not affine in averages."""
    if not isinstance(statement, Rel) or statement.free:
        raise NotReadableError("not a relation between numbers: only rates of numbers are confronted with points")
    poly = difference(statement.lhs, statement.rhs)
    rates = [g for g in generators(poly) if g.op == "dt" and has_average(g)]
    if len(rates) != 1 or any(len(m) > 1 for m in poly):
        raise NotReadableError("not of the form: rate of one number = affine in averages")
    rate, last = rates[0], len(nodes.levels) - 1
    leads = [closed(poly[(rate,)], level, D) for level in nodes.levels]
    if not (min(leads) > 0 or max(leads) < 0):
        raise NotReadableError("the factor of the rate changes its sign or vanishes on the range")
    rows: list[tuple[Term, int, float, float, int]] = []
    constants = [0.0, 0.0, 0.0]
    number = polynomial(rate.args[0])
    if any(len(m) > 1 for m in number) or any(g.op == "dt" for g in generators(number)):
        raise NotReadableError("the number whose rate is taken is not affine in averages")
    for monomial, coefficient in number.items():
        for node, sign in ((0, -1.0), (last, 1.0)):
            weight = sign * closed(coefficient, nodes.levels[node], D)
            if monomial:
                rows.append((prepare(monomial[0].args[0]), node, weight, weight, 0))
            else:
                constants[0] += weight
    for monomial, coefficient in poly.items():
        if monomial == (rate,):
            continue
        for node, level in enumerate(nodes.levels):
            factor = closed(coefficient, level, D) / leads[node]
            fine, coarse = factor * nodes.fine[node], factor * nodes.coarse[node]
            if monomial:
                rows.append((prepare(monomial[0].args[0]), node, fine, coarse, 1))
            else:
                constants[1] += fine
                constants[2] += coarse
    if any(node.op == "dt" for term, *_ in rows for node in walk(term)):
        raise NotReadableError("a time derivative at fixed x is not read on points")
    relation = statement.relation if leads[0] > 0 else FLIPPED[statement.relation]
    return Functional(relation, tuple(rows), (constants[0], constants[1], constants[2]))
