"""The two readings of the pathwise conditional entropy: same mean, different variance."""

from numerics.path_forms import Static
from proofs_checks.claim import cite
from proofs_checks.registry import claim, mutant
from theory.language.instances import DISCRETE, LINEAR, Setting
from theory.language.notation import E, Phi, Var, VarPost, h
from theory.language.statements import Eq, Le

between, within = Var(h), E(VarPost(Phi))
claim(
    "path.var_decomposition",
    title="The variance of Phi is the variance of h and the mean posterior varentropy",
    source=cite("2508.19897", "in the spirit of; law of total variance"),
    setting=Setting(law=DISCRETE, process=LINEAR),
    statements={
        "means": Eq(E(Phi), E(h)),
        "total variance": Eq(Var(Phi), between + within),
        "inequality": Le(between, Var(Phi)),
    },
    squares={"inequality": within},
    paths=Static(),
    mutants={
        "no varentropy": Eq(Var(Phi), between),
        "difference": Eq(Var(Phi), between - within),
        "half the varentropy": Eq(Var(Phi), between + within / 2),
        "only the varentropy": Eq(Var(Phi), within),
        "standard deviations": Eq(Var(Phi), between + within**2),
        "the other way": Le(Var(Phi), between),
        "less than the varentropy": mutant("inequality", Le(Var(Phi), within)),
        "means doubled": Eq(E(Phi), 2 * E(h)),
        "sign of the mean": Eq(E(Phi), -E(h)),
        "entropy squared": Eq(E(Phi), E(h**2)),
    },
)
