"""De Bruijn's identity, the data-processing inequalities, and Gaussian laws in closed form."""

from numerics.path_forms import Integrated
from proofs_checks.claim import cite
from proofs_checks.registry import claim, mutant, not_applicable
from theory.language.instances import FINITE_INFORMATION, LINEAR, VE, Germ, Instance, Setting, gaussian
from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    H,
    Information,
    Q,
    Xt,
    d,
    div,
    exp,
    frobsq,
    g,
    log,
    mmse,
    normsq,
    pi,
    s,
    s_c,
    sigma,
    snr,
    symbol,
    tr,
    x,
)
from theory.language.statements import Eq, Ge, Le
from theory.language.terms import Term

per_nu, per_sigma = d(H(Xt), "sigma^2"), d(H(Xt), "sigma")
claim(
    "entropy.debruijn",
    title="De Bruijn's identity",
    source=cite("Stam 1959", "de Bruijn's identity; Barron 1984"),
    setting=Setting(law=FINITE_INFORMATION, process=VE),
    statements={
        "per noise power": Eq(per_nu, E(normsq(s)) / 2),
        "per noise level": Eq(per_sigma, sigma * E(normsq(s))),
    },
    paths=Integrated(Q(3, 10), Q(1, 2)),
    mutants={
        "no half": Eq(per_nu, E(normsq(s))),
        "clocks mixed": Eq(per_sigma, E(normsq(s)) / 2),
        "plus divergence": Eq(per_nu, E(div(s)) / 2),
        "sigma^2 for sigma": Eq(per_sigma, sigma**2 * E(normsq(s))),
        "two sigma": Eq(per_sigma, 2 * sigma * E(normsq(s))),
    },
)

B = d(H(X0 | Xt))
claim(
    "entropy.monotone_dpi",
    title="Noise destroys information: what is monotone, and in which clock",
    source=cite("Guo, Shamai, Verdu 2005", "corollaries of I-MMSE; data-processing inequality"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={
        "conditional entropy": Ge(B, 0),
        "mmse": Le(d(mmse, "snr"), 0),
        "information": Ge(d(Information, "snr"), 0),
    },
    squares={
        "conditional entropy": g**2 / 2 * E(normsq(s_c - s)),
        "mmse": E(frobsq(Cov(X0 | x))),
        "information": mmse / 2,
    },
    paths=not_applicable("inequalities; the rates themselves are confronted with paths in their own claims"),
    mutants={
        "conditional entropy falls": Le(B, 0),
        "at least half the kernel's rate": Ge(B, D * g**2 / (4 * sigma**2)),
        "mmse rises": Ge(d(mmse, "snr"), 0),
        "mmse falls with noise": Le(d(mmse, "sigma"), 0),
        "conditional entropy rises with the snr": mutant("conditional entropy", Ge(d(H(X0 | Xt), "snr"), 0)),
        "mmse rises in time without bound": mutant("mmse", Ge(d(mmse), mmse)),
        "mmse falls at least as fast": mutant("mmse", Le(d(mmse, "snr"), -mmse)),
        "information grows with noise": mutant("information", Ge(d(Information, "sigma"), 0)),
        "information grows in time": mutant("information", Ge(d(Information), 0)),
        "information falls with the snr": mutant("information", Le(d(Information, "snr"), 0)),
        "information at the rate of the mmse": mutant("information", Ge(d(Information, "snr"), mmse)),
    },
)

S1, S2, m1, m2 = (symbol(name) for name in ("S1", "S2", "m1", "m2"))
e = exp(1)


def mode(S: Term) -> Term:
    """The posterior variance of an eigenvalue S."""
    return S / (1 + snr * S)


def at_level(S1: str, S2: str) -> Instance:
    germ = Germ(Q("3/5"), Q("4/5"), (Q(-7, 20), Q(1, 5)), (Q(9, 10), Q(-1, 3)))
    values = (("S1", Q(S1)), ("S2", Q(S2)), ("m1", Q("1/2")), ("m2", Q("-3/4")))
    points = ((Q("1/3"), Q("-3/4")),)
    return Instance(law, germ, points, points, values, f"S1={S1}, S2={S2}")


law = gaussian((m1, m2), ((S1, Q(0)), (Q(0), S2)), name="Gaussian with variances S1, S2")
claim(
    "entropy.gaussian_closed",
    title="Gaussian data in closed form: entropy and bandwidth, eigenvalue by eigenvalue",
    source=cite("standard", "linear Gaussian channel"),
    setting=Setting(law=law, process=LINEAR, D=2, positive=(S1, S2), nonnegative=()),
    statements={
        "entropy": Eq(H(X0 | Xt), log(2 * pi * e * mode(S1)) / 2 + log(2 * pi * e * mode(S2)) / 2),
        "bandwidth": Eq(B, g**2 / (2 * sigma**2) * (snr * mode(S1) + snr * mode(S2))),
        "covariance": Eq(tr(Cov(X0 | x)), mode(S1) + mode(S2)),
        "mmse": Eq(mmse, mode(S1) + mode(S2)),
    },
    instances=(at_level("1/4", "5/2"), at_level("2", "1/9")),
    paths=not_applicable("every posterior has the same covariance: nothing is random but a Gaussian"),
    mutants={
        "no half": Eq(H(X0 | Xt), log(2 * pi * e * mode(S1)) + log(2 * pi * e * mode(S2))),
        "without e": Eq(H(X0 | Xt), log(2 * pi * mode(S1)) / 2 + log(2 * pi * mode(S2)) / 2),
        "prior variance": Eq(tr(Cov(X0 | x)), S1 + S2),
        "per eigenvalue only": Eq(B, g**2 / (2 * sigma**2) * snr * mode(S1)),
        "gain without snr": Eq(B, g**2 / (2 * sigma**2) * (mode(S1) + mode(S2))),
        "snr squared": Eq(mmse, S1 / (1 + snr**2 * S1) + S2 / (1 + snr**2 * S2)),
    },
)
