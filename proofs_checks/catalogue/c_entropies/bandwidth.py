"""The generative bandwidth: the rate of conditional entropy production."""

from numerics.path_forms import Integrated
from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import FINITE_INFORMATION, LINEAR, Setting
from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    H,
    Information,
    P,
    Q,
    Xt,
    alpha,
    d,
    div,
    dt,
    g,
    grad,
    log,
    mmse,
    normsq,
    s,
    s_c,
    sigma,
    snr,
    tr,
    x,
)
from theory.language.statements import Eq, Ge

B = d(H(X0 | Xt))
claim(
    "entropy.conditional_rate",
    title="The generative bandwidth",
    source=cite("2504.13612", "sec. 4"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={
        "divergence": Eq(B, g**2 / 2 * (D / sigma**2 + E(div(s)))),
        "norm": Eq(B, g**2 / 2 * (D / sigma**2 - E(normsq(s)))),
        "sign": Ge(B, 0),
    },
    squares={"sign": g**2 / 2 * E(normsq(s_c - s))},
    paths=Integrated(Q(3, 10), Q(1, 2)),
    mutants={
        "bare divergence": Eq(B, g**2 / 2 * E(div(s))),
        "its complement": Eq(B, -(g**2) / 2 * E(div(s))),
        "no half": Eq(B, g**2 * (D / sigma**2 + E(div(s)))),
        "sigma": Eq(B, g**2 / 2 * (D / sigma + E(div(s)))),
        "sign inside": Eq(B, g**2 / 2 * (D / sigma**2 - E(div(s)))),
        "at least one": Ge(B, 1),
    },
)

claim(
    "entropy.rate_covariance",
    title="The bandwidth is the mean posterior covariance",
    source=cite("Guo, Shamai, Verdu 2005", "I-MMSE, written for the conditional entropy"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={
        "covariance": Eq(B, g**2 * alpha**2 / (2 * sigma**4) * E(tr(Cov(X0 | x)))),
        "mmse": Eq(B, -(dt(snr)) / 2 * mmse),
    },
    paths=Integrated(Q(3, 10), Q(1, 2)),
    mutants={
        "no alpha^2": Eq(B, g**2 / (2 * sigma**4) * E(tr(Cov(X0 | x)))),
        "sigma^2 for sigma^4": Eq(B, g**2 * alpha**2 / (2 * sigma**2) * E(tr(Cov(X0 | x)))),
        "sign of the rate of the snr": Eq(B, dt(snr) / 2 * mmse),
        "squared covariance": Eq(B, g**2 * alpha**2 / (2 * sigma**4) * E(tr(Cov(X0 | x)) ** 2)),
    },
)

claim(
    "entropy.gap_form",
    title="The bandwidth is the gap between the scores",
    source=cite("2504.13612", "eqs. 15-17"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={
        "gap": Eq(B, g**2 / 2 * E(normsq(s_c - s))),
        "posterior score": Eq(B, g**2 / 2 * E(normsq(grad(log(P(X0 | x)))))),
    },
    paths=Integrated(Q(3, 10), Q(1, 2)),
    mutants={
        "sum of squares": Eq(B, g**2 / 2 * (E(normsq(s_c)) + E(normsq(s)))),
        "square of the mean": Eq(B, g**2 / 2 * normsq(E(s_c - s))),
        "no half": Eq(B, g**2 * E(normsq(s_c - s))),
    },
)

claim(
    "entropy.immse",
    title="I-MMSE",
    source=cite("Guo, Shamai, Verdu 2005", "theorem 1"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={"rate": Eq(d(Information, "snr"), mmse / 2)},
    paths=not_applicable("the same rate as entropy.rate_covariance, in another clock"),
    mutants={
        "no half": Eq(d(Information, "snr"), mmse),
        "sign": Eq(d(Information, "snr"), -mmse / 2),
        "clock sigma": Eq(d(Information, "sigma"), mmse / 2),
        "clock nu": Eq(d(Information, "nu"), mmse / 2),
    },
)
