"""The fields that records exist for, with their gradient, Laplacian and time derivative written out by hand.

Sources of the formulas: Fokker-Planck for log p and log k; Tweedie for the posterior mean (jac m = alpha Cov/sigma^2,
third cumulants symmetric, posterior averages are reverse martingales).
"""

from __future__ import annotations

from proofs_checks.attack.truths_fields import (
    ANY_FLOW,
    ANY_SPREAD,
    G2,
    HALF_NOISE,
    LINEAR_FLOW,
    LINEAR_SPREAD,
    Poly,
    Record,
    Vec,
    inner,
    scaled,
    vec,
    vsum,
)
from theory.language.notation import (
    X0,
    Cov,
    D,
    P,
    Z,
    a,
    alpha,
    div,
    dot,
    f,
    field,
    frobsq,
    grad,
    h,
    jac,
    k,
    lap,
    log,
    m,
    normsq,
    outer,
    p,
    post,
    pz,
    q,
    s,
    s_c,
    s_z,
    sigma,
    tr,
    x,
)
from theory.language.terms import Term

of = Poly.of
C = Cov(X0 | x)
TR_C = tr(C)
P_END = P(X0 | x)
PHI, PSI = field("phi"), field("psi")
R2, XY, Y2 = normsq(x), dot(X0, x), normsq(X0)
S_Q = grad(log(q))
GAIN = of(alpha) * of(sigma, -2)
DIM = of(D)
CLEAN_DIV = of(D) * of(sigma, -2) * -1
ROT: Term = grad(TR_C)


def density(log_density: Term, score: Term, spread: Poly, flow: Vec, divergence: Poly | None = None) -> Record:
    """log of a solution of Fokker-Planck: d/dt = -div f - f . u + g^2/2 (div u + |u|^2), u its gradient."""
    u = vec((score, 1))
    curl = of(div(score)) if divergence is None else divergence
    rate = -spread - inner(flow, u) + HALF_NOISE * (curl + inner(u, u))
    return Record.still(log_density, u, curl, rate, flow)


def exponential(term: Term, log_record: Record) -> Record:
    """exp of a record: grad e^L = e^L grad L, lap e^L = e^L (lap L + |grad L|^2), Ito with |grad L|^2 g^2/2."""
    e, square = of(term), inner(log_record.grad, log_record.grad)
    return Record(e, scaled(log_record.grad, e), e * (log_record.lap + square),
                  e * (log_record.rev + HALF_NOISE * square))  # fmt: skip


def steady(term: Term, slope: Vec, curvature: Poly, flow: Vec = LINEAR_FLOW) -> Record:
    """A field without explicit time."""
    return Record.still(term, slope, curvature, Poly(), flow)


LOG_P = density(log(p), s, LINEAR_SPREAD, LINEAR_FLOW)
LOG_K = density(log(k), s_c, LINEAR_SPREAD, LINEAR_FLOW, CLEAN_DIV)
_END = LOG_K + LOG_P.scaled(-1)
LOG_END = Record(of(log(P_END)), _END.grad, _END.lap, _END.rev)
LOG_PZ = density(log(pz), s_z, LINEAR_SPREAD, LINEAR_FLOW)
P_LABEL = P(Z | x)
_LABEL = LOG_PZ + LOG_P.scaled(-1)
LOG_LABEL = Record(of(log(P_LABEL)), _LABEL.grad, _LABEL.lap, _LABEL.rev)
_GAP2 = GAIN * GAIN
ROTOR = grad(div(s))
PULLED, TURNED = dot(jac(s), x), dot(jac(s), s)
SCORE_RATE = vec((s, -of(a)), (PULLED, -of(a)), (ROTOR, HALF_NOISE), (TURNED, of(G2)))
"""d/dt s, the gradient of Fokker-Planck for log p; with jac s symmetric."""
HESSIAN2, BENT = of(frobsq(jac(s))), of(dot(ROTOR, s))

CLEAN: dict[str, Record] = {
    "r2": steady(R2, vec((x, 2)), DIM * 2),
    "xy": steady(XY, vec((X0, 1)), Poly()),
    "y2": Record.constant(of(Y2)),
    "phi": steady(PHI, vec((grad(PHI), 1)), of(lap(PHI))),
    "psi": steady(PSI, vec((grad(PSI), 1)), of(lap(PSI))),
}
"""Fields without averages."""
MEANS: dict[str, Record] = {
    "xm": Record(
        of(dot(m, x)), vec((m, 1), (dot(C, x), GAIN)), GAIN * of(TR_C) * 2 + GAIN * of(dot(x, ROT)),
        inner(vsum(scaled(LINEAR_FLOW, -1), vec((s, of(G2)))), vec((m, 1))) + of(G2) * GAIN * of(TR_C),
    ),
    "m2": Record(
        of(normsq(m)), vec((dot(C, m), GAIN * 2)), _GAP2 * of(frobsq(C)) * 2 + GAIN * of(dot(m, ROT)) * 2,
        of(G2) * _GAP2 * of(frobsq(C)),
    ),
    "trC": Record(of(TR_C), vec((ROT, 1)), of(lap(TR_C)), -of(G2) * _GAP2 * of(frobsq(C))),
    "W": Record(of(post(Y2)), vec((post(Y2 * X0), GAIN), (m, -GAIN * of(post(Y2)))),
                of(lap(post(Y2))), Poly()),
}  # fmt: skip
"""Posterior moments. |m|^2 along the reverse SDE gains g^2 |jac m|^2 since m is a martingale; W = <|X0|^2> is one."""
SCORES: dict[str, Record] = {
    "s2": Record.still(normsq(s), vec((TURNED, 2)), HESSIAN2 * 2 + inner(vec((ROTOR, 1)), vec((s, 1))) * 2,
                       inner(SCORE_RATE, vec((s, 2))), LINEAR_FLOW),
    "xs": Record.still(dot(s, x), vec((s, 1), (PULLED, 1)), of(div(s)) * 2 + inner(vec((ROTOR, 1)), vec((x, 1))),
                       inner(SCORE_RATE, vec((x, 1))), LINEAR_FLOW),
    "divs": Record.still(
        div(s), vec((ROTOR, 1)), of(lap(div(s))),
        of(a) * of(div(s)) * -2 - of(a) * inner(vec((x, 1)), vec((ROTOR, 1)))
        + HALF_NOISE * (of(lap(div(s))) + HESSIAN2 * 2 + inner(vec((s, 1)), vec((ROTOR, 1))) * 2), LINEAR_FLOW,
    ),
    "C2": Record(of(frobsq(C)), vec((grad(frobsq(C)), 1)), of(lap(frobsq(C))),
                 of(G2) * _GAP2 * of(tr(dot(dot(C, C), C))) * -2 + HALF_NOISE * of(lap(frobsq(C)))
                 - of(G2) * _GAP2 * (of(tr(dot(C, post(normsq(X0 - m) * outer(X0 - m, X0 - m)))))
                                     - of(TR_C) * of(frobsq(C)) - of(tr(dot(dot(C, C), C))) * 2)),
}  # fmt: skip
"""Fields of the score. |Cov|^2: Cov drifts by -g^2 (alpha/sigma^2)^2 Cov^2 along the reverse SDE; its Laplacian is
(alpha/sigma^2)^2 (<|Y|^2 Y Y^T> - tr Cov Cov - 2 Cov^2), and lap |Cov|^2 holds the bracket of its noise."""
LOGS: dict[str, Record] = {
    "logp": LOG_P, "logk": LOG_K, "logP": LOG_END, "P": exponential(P_END, LOG_END),
    "h": Record(of(h), vec((grad(h), 1)), of(lap(h)), -HALF_NOISE * (of(D) * of(sigma, -2) + of(div(s)))),
    "logpz": LOG_PZ, "logPZ": LOG_LABEL, "PZ": exponential(P_LABEL, LOG_LABEL),
}  # fmt: skip
"""Logarithms of densities, the posterior density and its entropy h (bandwidth: -g^2/2 (D/sigma^2 + div s))."""

ANY_LOG_P = density(log(p), s, ANY_SPREAD, ANY_FLOW)
ANY_LOG_Q = density(log(q), S_Q, ANY_SPREAD, ANY_FLOW)
ANY_LOG_K = density(log(k), s_c, ANY_SPREAD, ANY_FLOW)
_RATIO = ANY_LOG_P + ANY_LOG_Q.scaled(-1)
_ANY_END = ANY_LOG_K + ANY_LOG_P.scaled(-1)
LOG_RATIO = Record(of(log(p / q)), _RATIO.grad, _RATIO.lap, _RATIO.rev)
ANY_LOG_END = Record(of(log(P_END)), _ANY_END.grad, _ANY_END.lap, _ANY_END.rev)
_ANY_SCORE_RATE = vec((grad(div(f)), -1), (dot(s, jac(f)), -1), (dot(jac(s), f), -1), (ROTOR, HALF_NOISE),
                      (TURNED, of(G2)))  # fmt: skip
DIFFUSING: dict[str, Record] = {
    "r2": steady(R2, vec((x, 2)), DIM * 2, ANY_FLOW),
    "xy": steady(XY, vec((X0, 1)), Poly(), ANY_FLOW),
    "y2": Record.constant(of(Y2)),
    "phi": steady(PHI, vec((grad(PHI), 1)), of(lap(PHI)), ANY_FLOW),
    "psi": steady(PSI, vec((grad(PSI), 1)), of(lap(PSI)), ANY_FLOW),
    "logp": ANY_LOG_P,
    "s2": Record.still(normsq(s), vec((TURNED, 2)), HESSIAN2 * 2 + inner(vec((ROTOR, 1)), vec((s, 1))) * 2,
                       inner(_ANY_SCORE_RATE, vec((s, 2))), ANY_FLOW),
    "xs": Record.still(dot(s, x), vec((s, 1), (PULLED, 1)), of(div(s)) * 2 + inner(vec((ROTOR, 1)), vec((x, 1))),
                       inner(_ANY_SCORE_RATE, vec((x, 1))), ANY_FLOW),
}  # fmt: skip
DIFFUSING_END: dict[str, Record] = {
    "logk": ANY_LOG_K, "logP": ANY_LOG_END, "P": exponential(P_END, ANY_LOG_END),
}  # fmt: skip
DIFFUSING_PAIR: dict[str, Record] = {
    "logq": ANY_LOG_Q, "ratio": LOG_RATIO, "q/p": exponential(q / p, LOG_RATIO.scaled(-1)),
}  # fmt: skip
"""Any smooth drift: Fokker-Planck holds for p, for the kernel, and for a second solution q."""
