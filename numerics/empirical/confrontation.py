"""Statements about rates confronted with a data set: d/dt A = B as A(t2) - A(t1) against the time integral of B.

Both sides are read from the definitions on the same samples (X0, eps): X_t = alpha X0 + sigma eps at the nodes of a
Clenshaw-Curtis rule in log sigma, one pass a node. The rule with half the nodes measures the bias of the quadrature.
Controls are functions of eps and of the draw of X0 whose means are zero by construction, with weights from a pilot, so
no claim is assumed. Where the posterior is a rare event at the lowest level, nothing is decided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from numerics.empirical.bounded import Observable, chunk_size, mean_of
from numerics.empirical.channel import Channel
from numerics.empirical.functionals import Functional, functional, nodes_between
from numerics.empirical.points import EmpiricalLaw
from numerics.empirical.samplers import Sampler, principal_axes
from numerics.estimates import Sums, control_weights, controlled, digits, sums_of
from numerics.mixtures import Array
from numerics.paths.averages import NotReadableError
from numerics.paths.confrontation import CONSISTENT, NOT_APPLICABLE, REFUTED, UNDECIDED, PathOutcome
from numerics.rings import Unsupported
from numerics.sequential import FAMILY_RATE, Decision, Outcome, asymptotic
from theory.language.statements import Statement
from theory.processes import Process

MARGIN = 0.02
SAMPLES = 1 << 17
GATE = 1 << 14
ROUNDING = 1e-13
SURE = 5.0
"""Standard errors of the pilot by which a scale is lowered."""
FAINT = 1e-6
"""Least spread of the data, in units of the noise, at which differences of fields keep their digits in float64."""
_WORDS = {Outcome.EQUIVALENT: CONSISTENT, Outcome.REFUTED: REFUTED, Outcome.UNDECIDED: UNDECIDED}


def confront(
    statements: Mapping[str, Statement], law: EmpiricalLaw, process: Process, *, lower: Fraction, upper: Fraction,
    name: str, seed: int = 0, share: float = FAMILY_RATE, margin: float = MARGIN, samples: int = SAMPLES,
) -> dict[str, PathOutcome]:  # fmt: skip
    """Every statement on shared samples of ``law`` between two noise levels of ``process``.

    Consistent: both sides agree within ``margin`` times the larger of |change| and |integral|; refuted: they certainly
    do not; ``share`` bounds the chance of any wrong decision. Statements that cannot be read are not-applicable, with
    the reason. Raises LawError for levels the process never has.
    """
    nodes = nodes_between(process, Fraction(lower), Fraction(upper))
    outcomes: dict[str, PathOutcome] = {}
    forms: dict[str, Functional] = {}
    try:
        channels = [Channel(law, level.alpha, level.sigma) for level in nodes.levels]
    except Unsupported as why:
        return {key: PathOutcome(UNDECIDED, str(why)) for key in statements}
    if any(level.alpha * math.sqrt(law.square_radius) < FAINT * level.sigma for level in nodes.levels):
        why_not = f"the points spread over less than {FAINT:g} of the noise: rates of information vanish in float64"
        return {key: PathOutcome(UNDECIDED, why_not) for key in statements}
    sampler = Sampler(law, nodes, channels, name, seed, chunk_size(law.D), principal_axes(law))
    probe = replace(sampler, size=16)
    for key, statement in statements.items():
        try:
            forms[key] = functional(statement, nodes, law.D)
            probe.observe({key: forms[key]}, "probe", 0)
        except (NotReadableError, Unsupported) as why:
            forms.pop(key, None)
            outcomes[key] = PathOutcome(NOT_APPLICABLE, str(why))
    if forms:
        count = max(2 * chunk_size(law.D), samples)
        missed, rare = _missed(channels[0], seed, min(count, GATE), share / len(forms))
        if missed / count > margin / 2:
            outcomes |= {key: PathOutcome(UNDECIDED, rare) for key in forms}
        else:
            outcomes |= _decided(sampler, forms, _Rule(share / len(forms), margin, count, missed))
    return {key: outcomes[key] for key in statements}


@dataclass(frozen=True)
class _Rule:
    """Error rate of each test, margin, samples, and the relative size of what one sample may carry (see _missed)."""

    share: float
    margin: float
    samples: int
    missed: float


def _missed(channel: Channel, seed: int, budget: int, share: float) -> tuple[float, str]:
    """(c, why): n samples may all have missed at most a relative part c/n of the posterior variance and entropy.

    An event that n samples miss has, up to the error rate, a probability below log(1/share)/n, and there the observable
    is below its bound. Infinite if a mean cannot be told from zero at the channel's level.
    """
    law = channel.law
    if law.N == 1:
        return 0.0, ""
    variance = Observable("gate", lambda p: p.covariance, law.square_radius, channel.covariance_rounding)
    entropy = Observable("gate", lambda p: p.entropy, math.log(law.N), channel.entropy_rounding)
    worst, why = 0.0, ""
    for observable in (variance, entropy):
        found = mean_of(channel, observable, seed=seed, budget=budget)
        ratio = math.log(1 / share) * observable.upper / found.lower if found.is_positive else math.inf
        if ratio > worst:
            worst, why = ratio, f"at sigma = {channel.sigma:g}: {found.why_not(found.upper)}"
    return worst, why


def _decided(sampler: Sampler, forms: dict[str, Functional], rule: _Rule) -> dict[str, PathOutcome]:
    pilot = sampler.observe(forms, "pilot", 0)
    weights = [control_weights(v, pilot.controls) for v in (pilot.total, pilot.bias)]
    change, integral = (_certain(v, pilot.controls) for v in (pilot.change, pilot.total - pilot.change))
    scales = [
        max(c, d) if any(part for *_, part in f.rows) or f.constants[1] else c
        for f, c, d in zip(forms.values(), change, integral, strict=True)
    ]
    centres = [
        controlled(v, pilot.controls, w).mean(axis=1) for v, w in zip((pilot.total, pilot.bias), weights, strict=True)
    ]
    rounding = (ROUNDING + 8 * max(c.rounding for c in sampler.channels)) * pilot.size
    chunks = -(-rule.samples // sampler.size)
    sums: list[Sums] = []
    outcomes: dict[str, PathOutcome] = {}
    look = 2
    for number in range(1, chunks + 1):
        seen = sampler.observe(forms, "count", number)
        both = [controlled(v, seen.controls, w) for v, w in zip((seen.total, seen.bias), weights, strict=True)]
        new = [sums_of(v, centre) for v, centre in zip(both, centres, strict=True)]
        sums = [u + v for u, v in zip(sums, new, strict=True)] if sums else new
        if number != chunks and number < look:
            continue
        look *= 2
        outcomes = {
            key: _outcome(form.relation, row, sums, float(scales[row]), float(rounding[row]), rule)
            for row, (key, form) in enumerate(forms.items())
        }
        if all(o.outcome != UNDECIDED for o in outcomes.values()):
            break
    return outcomes


def _certain(values: Array, controls: Array) -> Array:
    """The size of each mean less what chance may add to it, (F,): noise must not pass for a scale (and widen margins).

    ``values`` (F, n), ``controls`` (C, n) of the pilot.
    """
    rest = controlled(values, controls, control_weights(values, controls))
    sure: Array = np.maximum(np.abs(rest.mean(axis=1)) - SURE * rest.std(axis=1) / math.sqrt(rest.shape[1]), 0.0)
    return sure


def _outcome(
    relation: str, row: int, sums: list[Sums], scale: float, rounding: float, rule: _Rule
) -> PathOutcome:  # fmt: skip
    if scale <= rounding:
        return PathOutcome(UNDECIDED, "both sides vanish, as far as can be told: there is no scale to compare with")
    count, gap = sums[0].count, float(sums[0].mean[row])
    quadrature = abs(float(sums[1].mean[row])) + 3 * float(sums[1].standard_error[row])
    bias = quadrature + rounding + scale * rule.missed / count
    sd, margin = float(np.sqrt(sums[0].variance[row])), rule.margin * scale
    decision = asymptotic(
        gap, sd, count, float(sums[0].carrying[row]), bias=bias, margin=margin, share=rule.share, tuned=rule.samples,
        relation=relation,
    )  # fmt: skip
    figures = {
        "difference": digits(gap, 3), "bound": digits(decision.radius, 3), "bias": digits(bias, 3),
        "quadrature": digits(quadrature, 3), "margin": digits(margin, 3), "scale": digits(scale, 3),
        "samples": str(count),
    }  # fmt: skip
    return PathOutcome(_WORDS[decision.outcome], decision.reason or _sentence(decision), figures, route="points")


def _sentence(decision: Decision) -> str:
    slack = decision.radius + decision.bias
    if decision.outcome is Outcome.EQUIVALENT:
        return f"the sides differ by {decision.difference:.2g} +- {slack:.2g}, within the margin {decision.margin:.2g}"
    return f"the sides differ by {decision.difference:.3g} +- {slack:.2g}, beyond the margin {decision.margin:.2g}"
