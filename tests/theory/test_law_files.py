"""Laws in TOML files: exact numbers, the writer, and one sentence with file, key and remedy for everything else."""

import os
import time
from fractions import Fraction as F

import pytest

from theory.language.instances import T1, T3, LawError, gaussian, mixture
from theory.laws import STANDING_LAWS, PointsFile, free_symbols, law_toml, parse_data_law, parse_law, product


@pytest.fixture
def write(tmp_path):
    def put(text, name="law.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return put


def test_numbers_are_exact(write):
    law = parse_law(write('kind = "mixture"\nweights = [0.1, "9/10"]\nmeans = [-1, 1e-3]\ncovs = [0.25, "1/3"]'))
    assert law.components == mixture((F(1, 10), -1, F(1, 4)), (F(9, 10), F(1, 1000), F(1, 3))).components
    wide = parse_law(write('kind = "gaussian"\nmean = [0, 1_0.5]\ncov = [[1, 0], [0, "1/2"]]'))
    assert wide.components == gaussian((0, F(21, 2)), ((1, 0), (0, F(1, 2)))).components
    round_one = parse_law(write('kind = "gaussian"\nmean = [0, 1]\ncov = 2  # twice the identity'))
    assert round_one.components == gaussian((0, 1), 2).components


def test_symbols_products_and_text(write):
    law = parse_law(write('kind = "mixture"\nweights = ["w", "1-w"]\nmeans = ["-mu", "mu"]\ncovs = ["S", "S"]'))
    assert free_symbols(law) == {"w", "mu", "S"}
    first = 'kind = "deltas"\nweights = ["1/2", 0.5]\nmeans = [-1, 1]\n'
    joint = parse_law(write(f'kind = "product"\n[[factors]]\n{first}[[factors]]\nlaw = "T1"\n'))
    assert joint.components == product([T1, T1]).components
    assert parse_law(write('law = "T3"')) is T3


def test_points_lie_beside_their_file(write, tmp_path):
    path = write('kind = "points"\nfile = "digits.npy"\nscale = "1/16"')
    assert parse_data_law(path) == PointsFile(str(tmp_path / "digits.npy"), F(1, 16))
    with pytest.raises(LawError, match="only infodyn value takes a law of points"):
        parse_law(path)


@pytest.mark.parametrize(
    "law", [*STANDING_LAWS.values(), product([T1, T1]), parse_law("mixture(w: N(-mu, S), 1-w: N(mu, S))")]
)
def test_what_is_written_is_read_back(law, write):
    assert parse_law(write(law_toml(law))).components == law.components


def test_written_points_are_read_back(write):
    law = PointsFile('/a "quoted"\\path/x.npy', F(1, 3))
    assert parse_data_law(write(law_toml(law))) == law


MIXTURE = 'kind = "mixture"\nweights = [0.5, 0.5]\nmeans = [0, 1]\ncovs = [1, 1]\n'
MALFORMED = [
    ("", "no kind; add kind ="),
    ("kind = 3", "kind: 3 is no kind of law; write deltas, gaussian"),
    ('kind = "uniform"', "kind: 'uniform' is no kind of law"),
    ('kind = "deltas"', "weights: missing; add weights ="),
    (MIXTURE + "name = 1", "name: unknown key; known here: kind, weights, means, covs"),
    (MIXTURE.replace("covs = [1, 1]", "covs = [1]"), "covs: 1 covariances for 2 means"),
    (MIXTURE.replace("[0.5, 0.5]", "[0.5]"), "weights: 1 weights for 2 means"),
    (MIXTURE.replace("[0.5, 0.5]", "[0.5, 0.6]"), "sum to 11/10, not 1"),
    (MIXTURE.replace("[0.5, 0.5]", "0.5"), "weights: '0.5' is no list; write weights = "),
    (MIXTURE.replace("[0.5, 0.5]", '["w", "w"]'), "weights: they cannot be seen to sum to 1"),
    (MIXTURE.replace("[0, 1]", "[[0, 1], 1]"), "means of 1 and 2 entries"),
    (MIXTURE.replace("[0, 1]", "[[], []]"), r"means\[0\]: an empty vector"),
    (MIXTURE.replace("[0, 1]", "[0, [[1]]]"), r"means\[1\]\[0\]: a list is no number"),
    (MIXTURE.replace("[0, 1]", "[0, true]"), r"means\[1\]: True is no number"),
    (MIXTURE.replace("[0, 1]", "[0, inf]"), r"means\[1\]: inf is no number"),
    (MIXTURE.replace("[0, 1]", "[0, -nan]"), r"means\[1\]: -nan is no number"),
    (MIXTURE.replace("[0, 1]", "[0, 1979-05-27]"), r"means\[1\]: .* is no number"),
    (MIXTURE.replace("[0, 1]", '[0, "1/0"]'), r"means\[1\]: column 2: division by zero"),
    (MIXTURE.replace("[0, 1]", '[0, "9^9^9"]'), r"means\[1\]: column 4: a tower of powers"),
    (MIXTURE.replace("[0, 1]", "[0, 1e999999]"), "a power of ten beyond 400"),
    (MIXTURE.replace("[0, 1]", "[0, " + "9" * 2000 + "]"), r"means\[1\]: a number of more than 4096 bits"),
    (MIXTURE.replace("[0, 1]", "[0, " + "9" * 9000 + "]"), "an integer has too many digits"),
    (MIXTURE.replace("[0, 1]", "[0, \"__import__('os')\"]"), "underscores"),
    (MIXTURE.replace("covs = [1, 1]", "covs = [1, -1]"), "component 2: the covariance is not positive semi-definite"),
    (MIXTURE.replace("covs = [1, 1]", "covs = [1, [[1, 0], [0, 1]]]"), r"covs\[1\]: the covariance must be 1 x 1"),
    (MIXTURE.replace("covs = [1, 1]", "covs = [1, 0]"), "cannot be mixed"),
    ('kind = "gaussian"\nmean = [0, 0]\ncov = [[1, 2], [3, 1]]', "not symmetric"),
    ('kind = "gaussian"\nmean = [' + "0, " * 200 + "0]\ncov = 1", "mean: 1 components in D = 201 are too many"),
    ('kind = "deltas"\nweights = [1]\nmeans = [[' + "0, " * 9000 + "0]]", "means: 1 components in D = 9001"),
    ("kind = \"deltas\"\nkind = \"deltas\"", "not TOML: Cannot overwrite a value"),
    ("kind = ", "not TOML: "),
    ("a = " + "[" * 5000 + "]" * 5000, "nest too deeply|not TOML"),
    (b"kind = \"\xff\"", "byte 8 is not UTF-8"),
    ("# " + "x" * 300_000, "more than 200000 bytes"),
    ('law = "T9"', "law: column 1: unknown law 'T9'"),
    ('law = "other.toml"', "law: column 6"),
    ('law = "points(a.npy)"', "law: column 1: a law of points from a file stands alone"),
    ("law = 1", "law: write the law as text"),
    ('law = "T1"\nkind = "deltas"', "kind: unknown key"),
    ('kind = "product"\nfactors = []', "factors: an empty list is no list"),
    ('kind = "product"\nfactors = [1]', r"factors\[0\]: not a table"),
    ('kind = "product"\n[[factors]]\nkind = "points"\nfile = "a.npy"', r"factors\[0\]: a law of points"),
    ('kind = "product"\n[[factors]]\nlaw = "T1"\n[[factors]]\nlaw = "T2"', "factors: a product of atoms and densities"),
    ('kind = "product"\n[[factors]]\nlaw = "T1"\n[[factors]]\nkind = "deltas"', r"factors\[1\]\.weights: missing"),
    ('kind = "points"\nfile = 3', "file: give the name of the file as text"),
    ('kind = "points"\nfile = "a.npy"\nscale = "c"', "scale: not a rational number"),
    ('kind = "points"\nfile = "a.npy"\nscale = 0', "scale = 0; give a positive number"),
    ('kind = "points"\nfile = "a\\u0000b.npy"', "which no file name should"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_files_are_refused_with_file_key_and_remedy(text, message, write):
    path, start = write(text), time.perf_counter()
    with pytest.raises(LawError, match=message) as caught:
        parse_data_law(path)
    assert time.perf_counter() - start < 2
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(path)


def test_long_fractions_in_a_covariance_are_refused_before_they_grow(write):
    size = 20
    rows = [[f'"{7 ** (i + j)}/{10**28 + 1 + 2 * (i + j)}"' for j in range(size)] for i in range(size)]
    cov = ", ".join("[" + ", ".join(row) + "]" for row in rows)
    text = f'kind = "gaussian"\nmean = [{", ".join(["0"] * size)}]\ncov = [{cov}]'
    start = time.perf_counter()
    with pytest.raises(LawError, match="cov: the entries of a 20 x 20 covariance are too long"):
        parse_law(write(text))
    assert time.perf_counter() - start < 2


def test_files_that_are_not_there_or_no_files(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    os.mkfifo(tmp_path / "pipe.toml")
    for name, message in [
        ("none.toml", "does not exist"), ("folder.toml", "is a folder"), ("pipe.toml", "folder or device"),
        ("a\x00b.toml", "cannot be read|does not exist"), ("x" * 300 + ".toml", "cannot be read|does not exist"),
    ]:  # fmt: skip
        with pytest.raises(LawError, match=message):
            parse_law(str(tmp_path / name))
