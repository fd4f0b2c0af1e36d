"""Peaks of the variance of the pathwise conditional entropy."""

from numerics.path_forms import Bracketed
from proofs_checks.claim import cite
from proofs_checks.registry import claim, mutant, not_applicable
from theory.language.instances import T1, VE, Setting
from theory.language.notation import Phi, Q, Var, h, sigma
from theory.language.statements import Digits, Located, maxima
from theory.language.terms import as_term

PHI, H = maxima(Var(Phi), sigma), maxima(Var(h), sigma)
NEAR_PHI, NEAR_H = (Q(9, 10), Q(11, 10)), (Q(4, 5), Q(19, 20))
claim(
    "path.var_peak_symmetric",
    title="The pathwise conditional entropy of two symmetric deltas varies most near, not at, the critical noise",
    source=cite("2508.19897", "in the spirit of; decisions as variance peaks"),
    setting=Setting(law=T1, process=VE),
    statements={
        "Phi": Located(PHI, 1, within=NEAR_PHI, at=Digits("0.986794585355647"), value=Digits("0.3170348315908626")),
        "h": Located(H, 1, within=NEAR_H, at=Digits("0.862108154103956"), value=Digits("0.0536288911297235")),
    },
    proof=not_applicable("the location is transcendental"),
    paths=Bracketed(Q(4, 5), Q(1), Q(6, 5)),
    mutants={
        "Phi peaks at the critical noise": mutant("Phi", Located(PHI, at=as_term(1), within=NEAR_PHI)),
        "Phi peaks where h does": mutant("Phi", Located(PHI, at=Digits("0.862108154103956"))),
        "h peaks where Phi does": mutant("h", Located(H, at=Digits("0.986794585355647"))),
        "the variances agree": mutant(
            "h", Located(H, at=Digits("0.862108154103956"), value=Digits("0.3170348315908626"))
        ),
        "Phi has two peaks": mutant("Phi", Located(PHI, 2, within=NEAR_PHI)),
        "h has none": mutant("h", Located(H, 0, within=NEAR_H)),
    },
)
