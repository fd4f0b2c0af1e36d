"""Laws: the grammar both ways, symbols, and every malformed law refused with its place."""

from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.language.instances import T1, T5, LawError, deltas, gaussian, mixture
from theory.laws import STANDING_LAWS, PointsFile, bind_law, free_symbols, law_text, parse_data_law, parse_law


def test_the_forms():
    assert parse_law("deltas(-1: 1/2, 1: 1/2)").components == T1.components
    assert parse_law("gaussian(0, 1)").components == gaussian(0, 1).components
    two = mixture((F(1, 2), -1, F(1, 4)), (F(1, 2), 1, F(1, 4)))
    assert parse_law("mixture(1/2: N(-1, 1/4), 0.5: N(1, 0.25))").components == two.components
    wide = parse_law("gaussian((0, 1), [[1,0],[0,2]])")
    assert wide.components == gaussian((0, 1), ((1, 0), (0, 2))).components
    assert parse_law("N((0, 1), 3)").components == gaussian((0, 1), 3).components
    assert (
        parse_law("deltas((1, 0): 1/3, (0, 1): 2/3)").components
        == deltas(((1, 0), F(1, 3)), ((0, 1), F(2, 3))).components
    )


@pytest.mark.parametrize("name", STANDING_LAWS)
def test_standing_laws_by_name_and_round_trip(name):
    law = parse_law(name)
    assert law is STANDING_LAWS[name]
    assert parse_law(law_text(law)).components == law.components


def test_symbols():
    law = parse_law("mixture(w: N(-mu, S), 1-w: N(mu, S))")
    assert free_symbols(law) == {"w", "mu", "S"}
    assert parse_law(law_text(law)).components == law.components
    bound = bind_law(law, {"w": F(1, 4), "mu": F(2), "S": F(1, 3)})
    assert free_symbols(bound) == frozenset()
    assert bound.components == mixture((F(1, 4), -2, F(1, 3)), (F(3, 4), 2, F(1, 3))).components
    with pytest.raises(LawError):
        bind_law(law, {"w": F(5, 4), "mu": F(2), "S": F(1, 3)})


MALFORMED = [
    ("deltas(-1: 1/2, 1: 1/3)", "sum to 5/6, not 1"),
    ("gaussian(0, -1)", "variance -1 is negative"),
    ("gaussian((0,0), [[1,2],[2,1]])", "column 17: the covariance is not positive semi-definite"),
    ("gaussian((0,0), [[1,2],[3,1]])", "not symmetric"),
    ("gaussian((0,0), [[1,2]])", "2 x 2"),
    ("deltas(-1: 1/2, 1: 1/2", "column 7: the bracket '\\(' is never closed"),
    ("deltas(-1: 1/2, 1: 1/2))", "column 24"),
    ("deltas(-1: 1/2 1: 1/2)", "column 16: expected '\\)' or ','"),
    ("uniform(0, 1)", "unknown law 'uniform'"),
    ("T9", "unknown law 'T9'"),
    ("deltas(1)", "expected ':'"),
    ("deltas()", "column 8"),
    ("deltas(0: 0, 1: 1)", "not positive"),
    ("deltas(0: -1, 1: 2)", "not positive"),
    ("deltas(0: 1/2, (1,0): 1/2)", "1 and 2 entries"),
    ("mixture(1/2: N(0, 0), 1/2: N(1, 1))", "cannot be mixed"),
    ("mixture(1/2: M(0, 1), 1/2: N(1, 1))", "unknown component 'M'"),
    ("mixture(w: N(0, 1), w: N(1, 1))", "seen to sum to 1"),
    ("deltas(0: exp(-1), 1: 1/2)", "seen to sum to 1"),
    ("gaussian(0, 1) + 1", "after the end"),
    ("sphere(3)", "takes a law on a sphere"),
    ("points(data.npy)", "only infodyn value takes a law of points"),
    ("product(T1, points(data.npy))", "column 13: a law of points from a file stands alone"),
    ("data.npy", "write points\\(file.npy\\)"),
    ("product()", "column 9: expected a law"),
    ("product(T1, gaussian(0, 1))", "column 1: a product of atoms and densities"),
    ("product(T1", "never closed"),
    ("product(T1, T9)", "column 13: unknown law 'T9'"),
    ("product(" + ", ".join(["T1"] * 300) + ")", "too many to carry exactly"),
    ("gaussian((" + ", ".join(["0"] * 5_000) + "), 1)", "D = 5000 are too many"),
    ("__import__('os')", "underscores"),
    ("deltas(open('f'): 1)", "no meaning"),
    ("", "expected a law"),
    ("(" * 5_000, "deep"),
    ("deltas(" + "0: 1/9, " * 5_000, "characters"),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_laws_are_refused_with_place_and_reason(text, message):
    with pytest.raises(LawError, match=message) as caught:
        parse_law(text)
    assert str(caught.value).startswith("column ")


number = st.fractions(-5, 5, max_denominator=20)
weights = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(lambda u: [F(v, sum(u)) for v in u])


@st.composite
def laws(draw):
    size = draw(st.integers(1, 3))
    atoms = draw(st.booleans())
    parts = []
    for weight in draw(weights):
        mean = tuple(draw(number) for _ in range(size))
        root = [[draw(number) for _ in range(size)] for _ in range(size)]
        square = [[sum(u * v for u, v in zip(a, b)) + (i == j) for j, b in enumerate(root)] for i, a in enumerate(root)]
        parts.append((weight, mean, 0 if atoms else tuple(map(tuple, square))))
    return mixture(*parts)


@settings(max_examples=60)
@given(laws())
def test_round_trip(law):
    again = parse_law(law_text(law))
    assert again.components == law.components
    assert law_text(again) == law_text(law)


def test_five_is_two_dimensional():
    assert parse_law("T5") is T5
    assert T5.D == 2


POINTS = [
    ("points(file.npy)", PointsFile("file.npy")),
    ("points( file.npy , scale = 1/16 )", PointsFile("file.npy", F(1, 16))),
    ("points('a, scale=3 (b).npy', scale=0.5)", PointsFile("a, scale=3 (b).npy", F(1, 2))),
    ("empirical(folder/two words.npy)", PointsFile("folder/two words.npy")),
]


@pytest.mark.parametrize(("text", "law"), POINTS)
def test_laws_of_points_name_their_file(text, law):
    assert parse_data_law(text) == law
    assert parse_data_law(law.text) == law


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("points()", "needs the name of a file"),
        ("points(", "at the very end"),
        ("points(a.npy)/2", "at the very end"),
        ("points('a.npy)", "never closed"),
        ("points(a.npy, scale=0)", "scale = 0; give a positive number"),
        ("points(a.npy, scale=1/0)", "column 22: division by zero"),
        ("points(a.npy, scale=c)", "column 21: scale must be a rational number"),
        ("points(a.npy, scale=sqrt(-1+0*c))", "column 21"),
        ("points(a\x00b)", "holds '.x00'"),
        ("points(" + "a" * 5_000 + ")", "5000 characters"),
    ],
)
def test_malformed_laws_of_points(text, message):
    with pytest.raises(LawError, match=message) as caught:
        parse_data_law(text)
    assert str(caught.value).startswith("column ")


def test_other_laws_are_read_by_either_reader():
    assert parse_data_law("T5") is T5
    assert parse_data_law("gaussian(0, 1)") == parse_law("gaussian(0, 1)")
