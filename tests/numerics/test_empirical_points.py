import io
import os
import pickle

import numpy as np
import pytest

from numerics.empirical import PointsError, law_of, load_points
from theory.language.instances import LawError
from theory.laws import PointsFile


@pytest.fixture
def saved(tmp_path):
    def save(array, name="x.npy", **options):
        path = tmp_path / name
        np.save(path, array, **options)
        return str(path)

    return save


def test_rows_become_places_about_their_centre(saved):
    rows = np.array([[0, 2], [4, 6]], dtype=np.int32)
    law = load_points(PointsFile(saved(rows)))
    assert (law.N, law.D, law.rows) == (2, 2, 2)
    assert np.array_equal(law.places + law.centre, rows)
    assert law.entropy == pytest.approx(np.log(2), rel=1e-15)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i1", "u2", "i8", "bool"])
def test_every_kind_of_number_is_read(saved, dtype):
    law = load_points(saved(np.array([[0, 1], [1, 0], [1, 1]]).astype(dtype)))
    assert law.N == 3
    assert law.places.dtype == np.float64


def test_the_scale_multiplies_and_a_column_is_one_dimensional(saved):
    law = load_points(PointsFile(saved(np.array([0.0, 16.0, 32.0])), scale=PointsFile("x", 1).scale / 16))
    assert law.D == 1
    assert np.allclose((law.places + law.centre)[:, 0], [0, 1, 2])


def test_equal_rows_are_one_place_and_entropy_counts_places():
    law = law_of(np.array([[1.0], [2.0], [1.0], [0.0], [-0.0], [1.0]]))
    assert law.N == 3
    assert law.counts.tolist() == [3, 1, 2]
    weights = np.array([3, 1, 2]) / 6
    assert law.entropy == pytest.approx(-(weights * np.log(weights)).sum(), rel=1e-14)
    assert not law.is_uniform
    assert law_of(np.ones((5, 3))).entropy == 0.0


def test_the_ball_holds_all_places_and_is_not_wasteful():
    rng = np.random.default_rng(0)
    law = law_of(rng.standard_normal((200, 5)) + 7)
    widest = max(((law.places - y) ** 2).sum(axis=1).max() for y in law.places)
    assert widest / 4 <= law.square_radius <= widest
    square = law_of(np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]]))
    assert 0.5 <= square.square_radius <= 0.6


def test_far_from_the_origin_distances_survive():
    law = law_of(1e9 + np.array([[0.0], [1.0], [2.0]]), scale=2.0)
    assert np.ptp(law.places) == 4.0


def test_the_digest_is_the_data():
    rows = np.arange(6.0).reshape(3, 2)
    assert law_of(rows).digest == law_of(rows.astype("f4")).digest
    assert law_of(rows).digest != law_of(rows[::-1]).digest


REFUSED = {
    "nan": (np.array([[0.0, np.nan]]), "nan in row 0, column 1"),
    "inf": (np.array([[0.0], [np.inf]]), "inf in row 1"),
    "empty": (np.zeros((0, 3)), "empty"),
    "no columns": (np.zeros((3, 0)), "empty"),
    "scalar": (np.float64(3), "N x D"),
    "images": (np.zeros((3, 8, 8)), "N x D"),
    "complex": (np.zeros((2, 2), complex), "not numbers"),
    "text": (np.array(["a", "b"]), "not numbers"),
    "wide integers": (np.array([2**60, 0]), r"beyond 2\^53"),
    "spread": (np.array([0.0, 1e300]), "scale"),
    "no spread": (np.array([0.0, 1e-300]), "scale"),
    "record": (np.zeros(3, dtype=[("a", "f8")]), "not numbers"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_law_is_refused_in_one_sentence(saved, case):
    array, words = REFUSED[case]
    path = saved(array)
    with pytest.raises(PointsError, match=words) as error:
        load_points(path)
    assert path in str(error.value)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, LawError)


def test_too_many_entries_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr("numerics.empirical.points.MAX_ENTRIES", 10)
    with pytest.raises(PointsError, match="at most 10"):
        law_of(np.zeros((4, 3)))


class _Trap:
    def __reduce__(self):
        return os.mkdir, ("trap-was-sprung",)


def test_pickled_objects_are_never_loaded(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = saved(np.array([_Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(PointsError, match="Python objects"):
        load_points(path)
    (tmp_path / "p.npy").write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(PointsError, match=r"not a \.npy file"):
        load_points(str(tmp_path / "p.npy"))
    assert not (tmp_path / "trap-was-sprung").exists()


def _npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"1,2\n3,4\n", "not a .npy file"), (b"PK\x03\x04rest", "archive"),
        (_npy(np.ones((50, 3)))[:200], "cut short"), (_npy(np.ones((50, 3)))[:9], "cut short"),
        (_npy(np.ones(3)).replace(b"(3,)", b"(-3,)"), "not an array"),
        (_npy(np.ones(3)).replace(b"(3,)", b"3x,)"), "not an array"),
        (_npy(np.ones((3, 1))).replace(b"(3, 1)", b"(9999999999, 99)"), "not an array"),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(tmp_path, content, words):
    path = tmp_path / "d.npy"
    path.write_bytes(content)
    with pytest.raises(PointsError, match=words):
        load_points(str(path))


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(PointsError, match="does not exist"):
        load_points(str(tmp_path / "none.npy"))
    with pytest.raises(PointsError, match="no regular file"):
        load_points(str(tmp_path))
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(PointsError, match="no regular file"):
        load_points(str(tmp_path / "pipe.npy"))
