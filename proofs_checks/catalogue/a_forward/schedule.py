"""The algebra of linear schedules."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import alpha, dt, g, nu, sigma, snr
from theory.language.statements import Eq

claim(
    "fwd.schedule_identity",
    title="The noise amplitude from the schedule",
    source=cite("2504.13612", "sec. 5.2"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "sigma": Eq(g**2, 2 * sigma * dt(sigma) - 2 * (dt(alpha) / alpha) * sigma**2),
        "nu": Eq(g**2, alpha**2 * dt(nu)),
        "snr": Eq(g**2, -(sigma**4 / alpha**2) * dt(snr)),
    },
    paths=not_applicable("an identity between functions of t; no path occurs in it"),
    mutants={
        "no alpha^2": Eq(g**2, dt(nu)),
        "sigma for sigma^2": Eq(g**2, alpha**2 * dt(sigma / alpha**2)),
        "sign of the drift term": Eq(g**2, 2 * sigma * dt(sigma) + 2 * (dt(alpha) / alpha) * sigma**2),
        "sign of the rate of the snr": Eq(g**2, (sigma**4 / alpha**2) * dt(snr)),
    },
)
