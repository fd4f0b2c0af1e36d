"""Plain text as LaTeX, and formulas that may break across lines."""

from __future__ import annotations

import re
import unicodedata

from infodyn.report.symbols import unicode_text

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": "$<$", ">": "$>$", "|": r"\textbar{}", '"': "''",
}  # fmt: skip
_SIGNS = {
    "·": r"\cdot", "∇": r"\nabla", "Δ": r"\Delta", "∂": r"\partial", "±": r"\pm", "≤": r"\le", "≥": r"\ge",
    "≠": r"\ne", "→": r"\to", "⇔": r"\iff", "√": r"\surd", "‖": r"\|", "−": "-", "×": r"\times", "∞": r"\infty",
    "≈": r"\approx", "∈": r"\in", "∫": r"\int", "∑": r"\sum", "⟨": r"\langle", "⟩": r"\rangle", "⊗": r"\otimes",
    "°": r"^\circ", "ₜ": "_t", "ᵀ": r"^\top", "ε": r"\varepsilon", "ℓ": r"\ell",
}  # fmt: skip
_WORDS = {"–": "--", "—": "---", "…": r"\ldots{}", "‘": "`", "’": "'", "“": "``", "”": "''", "\u00a0": "~"}
_PLAIN = {
    "ı": r"\i{}", "ł": r"\l{}", "Ł": r"\L{}", "ø": r"\o{}", "Ø": r"\O{}", "ß": r"\ss{}", "æ": r"\ae{}",
    "œ": r"\oe{}",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u030c": "v", "\u030b": "H",
    "\u0327": "c", "\u0304": "=", "\u0306": "u", "\u0307": ".", "\u030a": "r", "\u0328": "k",
}  # fmt: skip
_POWERS = {**dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)), "⁻": "-"}
_BELOW = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_FENCE = re.compile(r"\\(left|right)(?=[\[\]().|]|\\[|{}]|\\[lr]angle)")
_NORM = re.compile(r"\\left\\\|((?:(?!\\left|\\frac).)*?)\\right\\\|")
_BALL = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)(?:e([-+]?\d+))? \+/- (\d+(?:\.\d+)?)(?:e([-+]?\d+))?")


def escaped(text: str) -> str:
    """Any text as LaTeX text that shows it: special characters escaped, mathematical signs in formulas."""
    return "".join(_character(c) for c in unicodedata.normalize("NFC", text))


def _character(c: str) -> str:
    if c in _SPECIAL:
        return _SPECIAL[c]
    if c.isascii():
        return c if c.isprintable() else " "
    if c in _WORDS or c in _PLAIN:
        return _WORDS.get(c) or _PLAIN[c]
    if c in _POWERS or c in _BELOW:
        return f"$^{{{_POWERS[c]}}}$" if c in _POWERS else f"$_{{{_BELOW[c]}}}$"
    if c in _SIGNS:
        return f"${_SIGNS[c]}$" if not _SIGNS[c].startswith(("_", "^")) else f"${{}}{_SIGNS[c]}$"
    name = unicodedata.name(c, "")
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", name)
    if greek:
        letter = greek[2].lower().replace("lamda", "lambda")
        letter = letter if greek[1] == "SMALL" else letter.capitalize()
        return rf"$\{letter}$" if letter in _GREEK else name.lower()
    apart = unicodedata.normalize("NFD", c)
    if len(apart) == 2 and apart[0].isascii() and apart[1] in _ACCENTS:
        return f"\\{_ACCENTS[apart[1]]}{{{apart[0]}}}"
    return f"[{name.lower() or f'U+{ord(c):04X}'}]"


_GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "upsilon", "Gamma", "Delta", "Theta", "Lambda", "Xi",
    "Pi", "Sigma", "Phi", "Psi", "Omega", "Upsilon",
})  # fmt: skip


def prose(text: str) -> str:
    """A sentence of the program as LaTeX: names such as sigma become signs, balls such as 1.5 +/- 2e-9 formulas."""
    pieces, end = [], 0
    for match in _BALL.finditer(text):
        pieces += [escaped(unicode_text(text[end : match.start()])), ball(match[0])]
        end = match.end()
    return "".join([*pieces, escaped(unicode_text(text[end:]))])


def ball(text: str) -> str:
    """``0.31 +/- 2.9e-18`` as a formula; anything else as it stands."""
    match = _BALL.fullmatch(text)
    if match is None:
        return escaped(text)
    middle, up, radius, down = match.groups()
    return f"${_scaled(middle, up)} \\pm {_scaled(radius, down)}$"


def _scaled(digits: str, exponent: str | None) -> str:
    return f"{digits} \\cdot 10^{{{int(exponent)}}}" if exponent else digits


def formula(latex: str) -> str:
    """A formula in one box; norms of low things get low bars."""
    return _NORM.sub(r"\\lVert \1 \\rVert", latex)


def breakable(latex: str) -> str:
    r"""A formula whose fences stretch no more, so that TeX may break lines inside them."""
    loose = formula(latex).replace(r"\text{", r"\allowbreak\text{").replace(r"\mid ", r"\mid\nobreak ")
    return _FENCE.sub(lambda m: r"\Bigl" if m[1] == "left" else r"\Bigr", loose)
