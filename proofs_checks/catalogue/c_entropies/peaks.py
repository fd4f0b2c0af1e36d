"""Where the entropy rate peaks; folklore."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import T1, VE, Setting
from theory.language.notation import X0, H, Q, Xt, d, sigma
from theory.language.statements import Located, maxima
from theory.language.terms import as_term

RATE = d(H(X0 | Xt), "sigma")
claim(
    "entropy.peak_at_critical",
    title="Folklore: the entropy rate of two symmetric deltas peaks at the critical noise level",
    source=cite("folklore", "read into the peak of information transfer at a transition"),
    setting=Setting(law=T1, process=VE),
    statements={"peak": Located(maxima(RATE, sigma), at=as_term(1), within=(Q(1, 2), Q(3, 2)))},
    proof=not_applicable("the location is transcendental"),
    paths=not_applicable("one rigorous witness suffices"),
    mutants={},
    expected="refuted",
    correction="The peak depends on the clock: sigma = 0.6438.. for dH/dsigma, 0.5465.. for dH/dsigma^2, "
    "0.8142.. for dH/dlog sigma; the critical noise level is sigma = 1.",
)
