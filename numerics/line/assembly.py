"""How a number is made of Gaussian parts in closed form and posterior integrals."""

from __future__ import annotations

from typing import Any

from numerics.balls import Ball, arb, coefficients_of, series, truncated
from numerics.line.components import Components, Series
from numerics.line.trapezoid import Slopes

NEEDS: dict[str, tuple[str, ...]] = {
    "entropy": ("class",), "class-entropy": ("class",), "conditional-entropy": ("class",),
    "mutual-information": ("class",), "fisher-information": ("gap",), "expected-divergence": ("gap",),
    "mmse": ("gap",), "class-gap": ("gap",), "varentropy": ("class", "class-square", "log-class"),
    "variance-phi": ("class", "class-square"), "variance-phi-class": ("class", "class-square"),
    "variance-h": ("class", "field-square"), "variance-h-class": ("class", "field-square"),
}  # fmt: skip
"""The posterior integrals that each number needs."""


def slopes_of(name: str, parts: Components) -> Slopes | None:
    """b_k of "gap": the component scores, or the posterior means given the component."""
    if "gap" not in NEEDS[name]:
        return None
    out = []
    with truncated(parts.length):
        alpha = series(parts.alpha)
        gain: Any = None
        for m, S, M, v in zip(parts.means, parts.spreads, parts.places, parts.variances, strict=True):
            if name == "mmse":
                if gain is None or not parts.shared:
                    gain = alpha * series(S) / series(v)
                offset, slope = series(m) - gain * series(M), gain
            else:
                if gain is None or not parts.shared:
                    gain = 1 / series(v)
                offset, slope = gain * series(M), -gain
            out.append((coefficients_of(offset, parts.length), coefficients_of(slope, parts.length)))
    return out


def gaussian_parts(parts: Components) -> tuple[Any, Any]:
    """(sum w_k log(2 pi e v_k)/2, sum w_k log w_k)."""
    spread, label, tau = series([arb(0)]), series([arb(0)]), 2 * arb.pi()
    for w, v in zip(parts.weights, parts.variances, strict=True):
        weight = series(w)
        spread = spread + weight * ((series(v) * tau).log() + 1) / 2
        label = label + weight * weight.log()
    return spread, label


def assembled(name: str, parts: Components, integrals: dict[str, Series], prior: list[Ball] | None) -> Any:
    """The number as a series."""
    found = {kind: series(row) for kind, row in integrals.items()}
    if name in ("class-entropy", "class-gap"):
        return next(iter(found.values()))
    if name == "variance-phi" and not _discrete(parts):
        return series([arb(1) / 2])  # one Gaussian: Phi is log P of a Gaussian posterior at its own sample
    if name in ("variance-phi", "variance-phi-class"):
        return found["class-square"] - found["class"] * found["class"]
    if name in ("variance-h", "variance-h-class"):
        return found["field-square"] - found["class"] * found["class"]
    if name in ("fisher-information", "expected-divergence", "mmse"):
        return _posterior_number(name, parts, found["gap"])
    spread, label = gaussian_parts(parts)
    entropy = spread - label - found["class"]
    if name == "entropy":
        return entropy
    kernel = ((series(parts.sigma2) * 2 * arb.pi()).log() + 1) / 2
    discrete = _discrete(parts)
    if name == "conditional-entropy":
        return found["class"] if discrete else series(prior or []) + kernel - entropy
    if name == "mutual-information":
        return -label - found["class"] if discrete else entropy - kernel
    square = series([arb(0)])
    for w, v in zip(parts.weights, parts.variances, strict=True):
        level = series(w).log() - (series(v) * 2 * arb.pi()).log() / 2
        square = square + series(w) * (level * level - level + arb(3) / 4)
    mean = label - spread + found["class"]
    return square + 2 * found["log-class"] + found["class-square"] - mean * mean


def _discrete(parts: Components) -> bool:
    """Whether all components are atoms (series are exactly zero then)."""
    return all(c.is_zero() for s in parts.spreads for c in s)


def _posterior_number(name: str, parts: Components, gap: Any) -> Any:
    total = series([arb(0)])
    for w, S, v in zip(parts.weights, parts.spreads, parts.variances, strict=True):
        within = series(S) * series(parts.sigma2) if name == "mmse" else series([arb(1)])
        total = total + series(w) * within / series(v)
    if name == "mmse":
        return total + gap
    return total - gap if name == "fisher-information" else gap - total
