"""Entropy rates of diffusions with any smooth drift: only the noise and the spread of scores produce uncertainty."""

from numerics.path_forms import Integrated
from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import ANY, DIFFUSION, Setting
from theory.language.notation import X0, E, H, Q, Xt, Z, d, div, f, g, grad, log, normsq, p, q, s, s_c, s_z
from theory.language.statements import Eq, Ge, Le

B, C = d(H(X0 | Xt)), d(H(Z | Xt))
claim(
    "entropy.any_drift",
    title="The bandwidth of a diffusion with any drift is half its spread of conditional scores",
    source=cite("2508.19897", "in the spirit of; generative bandwidth"),
    setting=Setting(law=ANY, process=DIFFUSION),
    statements={
        "marginal": Eq(d(H(Xt)), E(div(f)) + g**2 / 2 * E(normsq(s))),
        "bandwidth": Eq(B, g**2 / 2 * E(normsq(s_c - s))),
        "divergences": Eq(B, g**2 / 2 * E(div(s) - div(s_c))),
        "class": Eq(C, g**2 / 2 * E(normsq(s_z - s))),
        "sign": Ge(B, 0),
        "processing": Le(C, B),
    },
    squares={"sign": g**2 / 2 * E(normsq(s_c - s)), "processing": g**2 / 2 * E(normsq(s_c - s_z))},
    single_route={"processing": "equality where the label is the atom, which no enclosure tells from a difference"},
    paths=Integrated(Q(3, 10), Q(1, 2)),
    mutants={
        "drift forgotten": Eq(d(H(Xt)), g**2 / 2 * E(normsq(s))),
        "marginal without half": Eq(d(H(Xt)), E(div(f)) + g**2 * E(normsq(s))),
        "no half": Eq(B, g**2 * E(normsq(s_c - s))),
        "drift in the bandwidth": Eq(B, E(div(f)) + g**2 / 2 * E(normsq(s_c - s))),
        "conditional score alone": Eq(B, g**2 / 2 * E(normsq(s_c))),
        "bare divergence": Eq(B, g**2 / 2 * E(div(s))),
        "sign of the divergences": Eq(B, g**2 / 2 * E(div(s_c) - div(s))),
        "class without half": Eq(C, g**2 * E(normsq(s_z - s))),
        "class of all": Eq(C, g**2 / 2 * E(normsq(s_c - s))),
        "processing the other way": Le(B, C),
    },
)

L = log(p) - log(q)
claim(
    "entropy.relative",
    title="Two laws under one diffusion: their relative entropy falls by the relative Fisher information",
    source=cite("2508.19897", "in the spirit of; Bakry and Emery 1985 for the stationary case"),
    setting=Setting(law=ANY, process=DIFFUSION),
    statements={
        "rate": Eq(d(E(L)), -(g**2) / 2 * E(normsq(grad(L)))),
        "sign": Le(d(E(L)), 0),
    },
    squares={"sign": g**2 / 2 * E(normsq(grad(L)))},
    paths=not_applicable("q comes from a second law, of which no paths are drawn"),
    mutants={
        "no half": Eq(d(E(L)), -(g**2) * E(normsq(grad(L)))),
        "sign": Eq(d(E(L)), g**2 / 2 * E(normsq(grad(L)))),
        "g for g^2": Eq(d(E(L)), -g / 2 * E(normsq(grad(L)))),
        "own Fisher information": Eq(d(E(L)), -(g**2) / 2 * E(normsq(s))),
        "divergence": Eq(d(E(L)), g**2 / 2 * E(div(grad(L)))),
        "grows": Ge(d(E(L)), 0),
    },
)
