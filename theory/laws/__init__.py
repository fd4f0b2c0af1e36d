"""Data laws: their safe grammar, TOML files, products, and files of points. Standard library only.

``parse_law`` reads a law from text (:mod:`theory.laws.grammar`) or from a TOML file (:mod:`theory.laws.files`);
``parse_data_law`` also takes ``points(file.npy)``, which only names a file (:mod:`theory.laws.points`), and
``sphere(3)`` (:mod:`theory.laws.spheres`).
"""

from __future__ import annotations

from theory.grammar import GrammarError
from theory.grammar_tokens import MAX_LENGTH
from theory.language.instances import Law, LawError
from theory.laws.files import LawFileError, law_toml, read_law_file
from theory.laws.grammar import FORMS, STANDING_LAWS, parse_law_text, read_vector
from theory.laws.points import PointsFile, is_points, read_points
from theory.laws.products import factors, product
from theory.laws.spheres import SphereLaw, is_sphere, read_sphere
from theory.laws.symbols import bind_law, free_symbols
from theory.typeset.text import law_text

__all__ = [
    "POINTS_COMMANDS", "STANDING_LAWS", "Law", "LawError", "LawFileError", "PointsFile", "SphereLaw", "bind_law",
    "factors", "free_symbols", "law_text", "law_toml", "parse_data_law", "parse_law", "product", "read_vector",
]  # fmt: skip

POINTS_COMMANDS = "infodyn value"
"""The commands that take a law of points from a file."""


def parse_data_law(text: str) -> Law | PointsFile | SphereLaw:
    """The law that ``text`` spells or a TOML file holds, which may be a file of points or a sphere.

    Raises LawError with the column or the key and the remedy, never anything else.
    """
    if not isinstance(text, str):
        return parse_law_text(text)
    if is_points(text[:MAX_LENGTH]):
        return read_points(text)
    if is_sphere(text[:MAX_LENGTH]):
        return read_sphere(text)
    suffix = text.strip()[-5:].lower()
    if suffix == ".toml":
        return read_law_file(text.strip())
    if suffix.endswith((".npy", ".csv", ".json")):
        raise GrammarError(1, f"a law is no such file; write points(file.npy), a TOML file of a law, or {FORMS}")
    return parse_law_text(text)


def parse_law(text: str) -> Law:
    """The law that ``text`` spells or a TOML file holds; laws of points and on spheres are refused.

    Raises LawError with the column or the key and the remedy, never anything else.
    """
    law = parse_data_law(text)
    if isinstance(law, PointsFile):
        raise GrammarError(1, f"only {POINTS_COMMANDS} takes a law of points from a file; here write {FORMS}")
    if isinstance(law, SphereLaw):
        raise GrammarError(1, f"only {POINTS_COMMANDS} takes a law on a sphere; here write {FORMS}")
    return law
