"""The posterior covariance along the reverse SDE: a statement that small instances cannot tell from a false one."""

from numerics.path_forms import Path
from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import (
    FORWARD,
    REVERSE,
    X0,
    Cov,
    Q,
    alpha,
    drift,
    frobsq,
    g,
    m,
    normsq,
    sigma,
    tr,
    x,
)
from theory.language.statements import Eq

C = Cov(X0 | x)
pace = g**2 * alpha**2 / sigma**4
claim(
    "path.covariance_drift",
    title="In generative time the posterior covariance shrinks at the rate of its own square",
    source=cite("2508.19897", "in the spirit of; the score as a nonlinear filter"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "trace": Eq(drift(tr(C), REVERSE), -pace * frobsq(C)),
        "mean": Eq(drift(normsq(m), REVERSE), pace * frobsq(C)),
    },
    paths=Path(Q(21, 20), Q(1, 2)),
    mutants={
        "half the pace": Eq(drift(tr(C), REVERSE), -pace / 2 * frobsq(C)),
        "twice the pace": Eq(drift(tr(C), REVERSE), -2 * pace * frobsq(C)),
        "square of the trace": Eq(drift(tr(C), REVERSE), -pace * tr(C) ** 2),
        "trace alone": Eq(drift(tr(C), REVERSE), -pace * tr(C)),
        "forward": Eq(drift(tr(C), FORWARD), -pace * frobsq(C)),
        "grows": Eq(drift(tr(C), REVERSE), pace * frobsq(C)),
        "mean falls": Eq(drift(normsq(m), REVERSE), -pace * frobsq(C)),
        "mean doubled": Eq(drift(normsq(m), REVERSE), 2 * pace * frobsq(C)),
    },
)

claim(
    "path.covariance_trace_squared",
    title="Folklore: the posterior variance tr Cov falls at the rate of its own square",
    source=cite("folklore", "the scalar formula, read with traces"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={"trace": Eq(drift(tr(C), REVERSE), -pace * tr(C) ** 2)},
    paths=not_applicable("one exact witness suffices"),
    mutants={},
    expected="refuted",
    correction="The drift of tr Cov is minus the pace times the squared Frobenius norm of Cov (path.covariance_drift). "
    "The two agree in one dimension for every law, and for two atoms in every dimension: D = 2 with three atoms is the "
    "first place where they differ.",
)
