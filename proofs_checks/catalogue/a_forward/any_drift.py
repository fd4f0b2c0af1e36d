"""Diffusions with any smooth drift: the density, its score, and the processes that share it."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import ANY, DIFFUSION, Setting
from theory.language.notation import div, dot, dt, f, g, grad, lap, log, normsq, p, s
from theory.language.statements import Eq

log_rate = -div(f) - dot(f, s) + g**2 / 2 * (div(s) + normsq(s))
claim(
    "fwd.any_drift",
    title="The marginals of a diffusion with any drift, forward and in reverse",
    source=cite("Anderson 1982", "reverse-time diffusion equations; 2011.13456, sec. 4"),
    setting=Setting(law=ANY, process=DIFFUSION),
    statements={
        "Fokker-Planck": Eq(dt(p), -div(p * f) + g**2 / 2 * lap(p)),
        "logarithm": Eq(dt(log(p)), log_rate),
        "score": Eq(dt(s), grad(log_rate)),
        "reverse": Eq(-dt(p), -div(p * (g**2 * s - f)) + g**2 / 2 * lap(p)),
        "flow": Eq(dt(p), -div(p * (f - g**2 / 2 * s))),
    },
    paths=not_applicable("identities of densities, point by point; paths estimate averages"),
    mutants={
        "no half": Eq(dt(p), -div(p * f) + g**2 * lap(p)),
        "g for g^2": Eq(dt(p), -div(p * f) + g / 2 * lap(p)),
        "transport of a constant drift": Eq(dt(p), -(p * dot(f, s)) + g**2 / 2 * lap(p)),
        "no divergence of the drift": Eq(dt(log(p)), -dot(f, s) + g**2 / 2 * (div(s) + normsq(s))),
        "norm without half": Eq(dt(log(p)), -div(f) - dot(f, s) + g**2 / 2 * div(s) + g**2 * normsq(s)),
        "score without the norm": Eq(dt(s), grad(-div(f) - dot(f, s) + g**2 / 2 * div(s))),
        "half the pull": Eq(-dt(p), -div(p * (g**2 / 2 * s - f)) + g**2 / 2 * lap(p)),
        "drift not reversed": Eq(-dt(p), -div(p * (g**2 * s + f)) + g**2 / 2 * lap(p)),
        "whole score in the flow": Eq(dt(p), -div(p * (f - g**2 * s))),
    },
)
