"""The Fokker-Planck equation of the marginal density."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import div, dt, f, g, lap, p
from theory.language.statements import Eq

claim(
    "fwd.fokker_planck",
    title="The Fokker-Planck equation",
    source=cite("2504.13612", "eq. 2"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={"density": Eq(dt(p), -div(f * p) + g**2 / 2 * lap(p))},
    paths=not_applicable("a pointwise identity of the density itself; paths estimate averages, not densities"),
    mutants={
        "no half": Eq(dt(p), -div(f * p) + g**2 * lap(p)),
        "g for g^2": Eq(dt(p), -div(f * p) + g / 2 * lap(p)),
        "sign of the transport": Eq(dt(p), div(f * p) + g**2 / 2 * lap(p)),
        "sign of the diffusion": Eq(dt(p), -div(f * p) - g**2 / 2 * lap(p)),
        "no diffusion": Eq(dt(p), -div(f * p)),
    },
)
