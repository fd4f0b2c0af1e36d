"""Mathematics as a reader expects it: the plain text of terms in the signs of Unicode, for terminals that have them."""

from __future__ import annotations

import re

_NAMES = {
    "alpha": "α", "beta": "β", "sigma": "σ", "mu": "μ", "nu": "ν", "lam": "λ", "lambda": "λ", "eps": "ε", "pi": "π",
    "theta": "θ", "phi": "φ", "Phi": "Φ", "X0": "X₀", "Xt": "Xₜ", "X_0": "X₀", "X_t": "Xₜ",
    "p0": "p₀", "dsigma": "dσ", "d_t": "∂ₜ", "sqrt": "√", "iff": "⇔", "grad": "∇", "div": "∇·", "lap": "Δ",
}  # fmt: skip
_PREFIXES = {"grad": "∇", "div": "∇·", "lap": "Δ"}
_RELATIONS = {">=": "≥", "<=": "≤", "->": "→", "!=": "≠", " . ": " · ", "+/-": "±", "+-": "±"}
_DIGITS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TOKEN = re.compile(
    r"(?P<quoted>(?<![\w)])'[^']*')|(?P<prefix>\b(?:grad|div|lap)\b) ?|(?P<word>[A-Za-z][A-Za-z0-9]*(?:_[a-zA-Z0-9]+)?)"
    r"|(?P<power>\^(?P<exponent>T\b|\d+(?!\.?\d)))"
    r"|(?P<relation>>=|<=|->|!=|\+/-|\+-| \. )|(?P<norm>\|\|)"
)


def unicode_text(text: str) -> str:
    """``g^2/2 (D/sigma^2 + E[div s])`` as ``g²/2 (D/σ² + E[∇·s])``. Only names and signs change, never the order.

    What stands in single quotes is meant to be pasted (a law, a command) and stays as it is.
    """

    def sign(match: re.Match[str]) -> str:
        if match["quoted"]:
            return match[0]
        if match["prefix"]:
            return _PREFIXES[match["prefix"]]
        if match["word"]:
            return _NAMES.get(match["word"], match[0])
        if match["power"]:
            return "ᵀ" if match["exponent"] == "T" else match["exponent"].translate(_DIGITS)
        return "‖" if match["norm"] else _RELATIONS[match["relation"]]

    return _TOKEN.sub(sign, text)
