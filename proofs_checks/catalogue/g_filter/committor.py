"""Posteriors as committors: the probability of where the reverse SDE will end."""

from numerics.path_forms import Path
from proofs_checks.claim import cite
from proofs_checks.registry import claim, mutant
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import (
    FLOW,
    FORWARD,
    REVERSE,
    X0,
    P,
    Q,
    Z,
    drift,
    g,
    noise,
    s,
    s_c,
    s_z,
    x,
)
from theory.language.statements import Eq

ends, label = P(X0 | x), P(Z | x)
claim(
    "filter.committor",
    title="The posterior is the committor of the reverse SDE",
    source=cite("2508.19897", "in the spirit of; the score as a filter"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "end": Eq(drift(ends, REVERSE), 0),
        "end's noise": Eq(noise(ends, REVERSE), g * ends * (s_c - s)),
        "label": Eq(drift(label, REVERSE), 0),
        "label's noise": Eq(noise(label, REVERSE), g * label * (s_z - s)),
    },
    paths=Path(Q(21, 20), Q(1, 2)),
    mutants={
        "along the flow": Eq(drift(ends, FLOW), 0),
        "along the forward SDE": Eq(drift(ends, FORWARD), 0),
        "label along the flow": mutant("label", Eq(drift(label, FLOW), 0)),
        "label along the forward SDE": mutant("label", Eq(drift(label, FORWARD), 0)),
        "g^2 for g": Eq(noise(label, REVERSE), g**2 * label * (s_z - s)),
        "no mean": Eq(noise(label, REVERSE), g * label * s_z),
        "no probability": Eq(noise(label, REVERSE), g * (s_z - s)),
    },
)
