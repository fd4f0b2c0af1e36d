"""A popular sentence about variance peaks that does not hold, and what holds instead."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import T1, VE, Setting
from theory.language.notation import Phi, Q, Var, sigma
from theory.language.statements import Located, maxima
from theory.language.terms import as_term

claim(
    "path.variance_peaks_at_critical",
    title="Folklore: the variance of the pathwise conditional entropy peaks at the critical noise level",
    source=cite("folklore", "decisions read as variance peaks"),
    setting=Setting(law=T1, process=VE),
    statements={"peak": Located(maxima(Var(Phi), sigma), at=as_term(1), within=(Q(9, 10), Q(11, 10)))},
    proof=not_applicable("the location is transcendental"),
    paths=not_applicable("one rigorous witness suffices"),
    mutants={},
    expected="refuted",
    correction="For two symmetric deltas Var Phi peaks at sigma = 0.9867.., Var h at sigma = 0.8621.. "
    "(path.var_peak_symmetric); the critical noise level is sigma = 1. With weights 1/5 and 4/5 the "
    "peaks are at 1.5018.. and 1.0012.., the second mode appears at 0.6709...",
)
