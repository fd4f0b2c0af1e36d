import json
import multiprocessing
import os
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest

from numerics import digests, saved
from numerics.estimates import Sums, sums_of
from numerics.saved import Saved, SavedError, open_saved
from numerics.simulate import StoppedError, simulate, total
from numerics.streams import stream


@dataclass(frozen=True)
class Walk:
    seed: int
    paths: int = 100

    def run(self, chunk):
        x = stream(self.seed, "claim", "walk", chunk).standard_normal((2, self.paths))
        return sums_of(x, np.zeros(2))


@dataclass(frozen=True)
class Breaks:
    """A walk that gets nowhere at one chunk: what was computed before must not be computed again."""

    at: int

    def run(self, chunk):
        if chunk == self.at:
            raise KeyboardInterrupt
        return Walk(1).run(chunk)


@dataclass(frozen=True)
class Never:
    def run(self, chunk):
        raise AssertionError("it was computed again")


def bits(sums):
    return sums.count, sums.total.tobytes(), sums.square.tobytes(), sums.absolute.tobytes()


def cut_short(task, chunks, after, kept):
    """A run that is stopped after some chunks."""
    seen = []
    return total(task, chunks, saved=kept, progress=lambda done, *_: seen.append(done), stop=lambda: len(seen) >= after)


def test_a_resumed_run_has_the_bits_of_one_that_was_never_stopped(tmp_path):
    path, whole = tmp_path / "run.json", total(Walk(1), 9).value
    for after, done in ((1, 1), (3, 4), (4, 8)):
        with open_saved(path, Walk(1)) as kept:
            part = cut_short(Walk(1), 9, after, kept)
        assert (part.done, part.complete, str(part)) == (done, False, f"stopped after {done} of 9 chunks")
    with open_saved(path, Walk(1)) as kept:
        end = total(Walk(1), 9, saved=kept)
        assert (end.complete, end.resumed, str(end)) == (True, 8, "all 9 chunks")
        assert bits(end.value) == bits(whole)
        assert bits(total(Walk(1), 9, saved=kept).value) == bits(whole)
        assert bits(total(Walk(1), 12, saved=kept).value) == bits(total(Walk(1), 12).value)
        with pytest.raises(ValueError, match="holds 12 chunks of this run already, and 9 were asked for"):
            total(Walk(1), 9, saved=kept)
    assert os.listdir(tmp_path) == ["run.json"]


def test_results_of_chunks_are_kept_in_order(tmp_path):
    with open_saved(tmp_path / "run", "any") as kept:
        results = simulate(Walk(1), 5, saved=kept)
        first = [next(results), next(results)]
        results.close()
    with open_saved(tmp_path / "run", "any") as kept:
        again = list(simulate(Walk(1), 5, saved=kept))
        assert list(map(bits, again[:2])) == list(map(bits, first))
        assert list(map(bits, again)) == list(map(bits, simulate(Walk(1), 5)))
        assert len(list(simulate(Walk(1), 3, saved=kept))) == 3


def test_ctrl_c_leaves_a_sum_that_says_what_it_is(tmp_path):
    with open_saved(tmp_path / "run", Breaks(3)) as kept:
        part = total(Breaks(3), 6, saved=kept)
    assert (part.done, part.complete) == (3, False)
    assert bits(part.value) == bits(total(Walk(1), 3).value)
    results = simulate(Breaks(1), 4)
    next(results)
    with pytest.raises(StoppedError, match="stopped after 1 of 4 chunks"):
        next(results)


VALUES = [
    None, True, 3, -(2**70), 0.1, -0.0, float("inf"), float("nan"), "text", (1, [2.5]), np.float64(0.1), np.arange(3),
    np.array([[0.1, np.nan, -0.0]]), np.zeros((0, 3)), Walk(1).run(0),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_every_bit_of_a_value_comes_back(tmp_path, value):
    with Saved(tmp_path / "run", {"a": "b"}) as kept:
        kept.put("part", 1, value)
    with Saved(tmp_path / "run", {"a": "b"}) as kept:
        back = kept.get("part")[1]
    assert type(back) is type(value)
    assert digests.digest(back) == digests.digest(value)


def test_what_cannot_be_kept_is_refused(tmp_path):
    with Saved(tmp_path / "run", {"a": "b"}) as kept:
        kept.put("part", 1, object())
        with pytest.raises(SavedError, match="a result of type object cannot be kept"):
            kept.write()
        kept.put("part", 1, 1)


def refused(path, words, key=None):
    before = path.read_bytes()
    with pytest.raises(SavedError, match=words) as caught:
        Saved(path, key or {"task": "a"})
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_file_of_another_run_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "run"
    Saved(path, {"task": "a", "seed": "0"}).close()
    refused(path, r"holds another run \(other seed\); name another file", {"task": "a", "seed": "1"})
    refused(path, "holds another run", {"task": "a"})
    monkeypatch.setattr(digests, "environment", lambda: {"sources": "changed"})
    refused(path, "other sources", {"task": "a", "seed": "0"})


@pytest.mark.parametrize("cut", [0, 1, 50, -1, -30])
def test_a_torn_file_is_left_alone(tmp_path, cut):
    path = tmp_path / "run"
    with Saved(path, {"task": "a"}) as kept:
        kept.put("part", 1, Walk(1).run(0))
    path.write_bytes(path.read_bytes()[:cut])
    refused(path, "is damaged")


def forged(path, parts, **other):
    Saved(path, {"task": "a"}).close()
    record = json.loads(path.read_text()) | {"parts": parts} | other
    record.pop("checksum")
    path.write_text(json.dumps(record | {"checksum": saved._checksum(record)}))


SUMS = {"count": 1, **dict.fromkeys(("centres", "total", "square", "absolute", "absolute_raw"), "text")}
HOSTILE = [
    {"p": 1}, {"p": [1]}, {"p": [-1, 0]}, {"p": [True, 0]}, {"p": [1, {"is": "Path", "fields": {}}]}, [1],
    {"p": [1, {"array": ["O", [1], ""]}]}, {"p": [1, {"array": ["<f8", [10**12], "AAAAAAAAAAA="]}]},
    {"p": [1, {"array": ["<f8", [1], "!"]}]}, {"p": [1, {"float": "x"}]}, {"p": [1, {"eval": "1"}]},
    {"p": [1, {"is": "Sums", "fields": {}}]}, {"p": [1, {"is": "Sums", "fields": SUMS}]}, {"p": [1, {"tuple": 3}]},
    {"p": [1, {"array": ["<f8", [-1, -1], ""]}]}, {"p": [1, {"array": [["f8", "f8"], None, ""]}]},
    {"p": [1, {"array": ["<f8", None, ""]}]}, {"p": [1, 0.5]}, {"p": [1, [1]]}, {"p": [1, {}]},
]  # fmt: skip


@pytest.mark.parametrize("parts", HOSTILE, ids=str)
def test_a_hostile_file_gives_one_sentence(tmp_path, parts):
    forged(tmp_path / "run", parts)
    refused(tmp_path / "run", "is damaged")


@pytest.mark.parametrize(
    ("text", "words"),
    [(b"\x80\x04.", "damaged"), (b"[" * 10**6, "damaged"), (b"{}", "no kept run"), (b"[1]", "no kept run"),
     (b'{"what": "infodyn run"}', "damaged"), (b'{"what": NaN}', "damaged"), (b"\xff", "damaged")],
)  # fmt: skip
def test_other_files_are_left_alone(tmp_path, text, words):
    (tmp_path / "run").write_bytes(text)
    refused(tmp_path / "run", words)


def test_places_that_hold_no_file(tmp_path):
    with pytest.raises(SavedError, match="is no file"):
        Saved(tmp_path, {})
    with pytest.raises(SavedError, match="cannot be written"):
        Saved(tmp_path / "absent" / "run", {})


def test_a_file_belongs_to_one_run_at_a_time(tmp_path):
    with Saved(tmp_path / "run", {"a": "b"}), pytest.raises(SavedError, match="in use by another run"):
        Saved(tmp_path / "run", {"a": "b"})
    Saved(tmp_path / "run", {"a": "b"}).close()


FULL_DISK = """
import resource
from pathlib import Path
from numerics.saved import Saved
from tests.numerics.test_saved import Walk, bits, total
with Saved(Path("run"), {"a": "b"}) as kept:
    kept.put("part", 1, 1)
    kept.write()
    whole = Path("run").read_bytes()
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 10, resource.RLIM_INFINITY))
    assert bits(total(Walk(1), 4, saved=kept).value) == bits(total(Walk(1), 4).value)
    assert kept.trouble == "run cannot be written (File too large)", kept.trouble
    assert Path("run").read_bytes() == whole
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    kept.write()
    assert not kept.trouble and Path("run").read_bytes() != whole
"""


def test_a_full_disk_ends_no_run_and_harms_no_file(tmp_path):
    pytest.importorskip("resource", reason="no limits on files on this system")
    paths = os.pathsep.join([os.getcwd(), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK], cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True
    )
    assert not done.returncode, done.stderr.decode()
    assert os.listdir(tmp_path) == ["run"]


def test_memory_does_not_grow_with_the_number_of_chunks():
    def peak(chunks):
        tracemalloc.start()
        total(Walk(1, 20000), chunks)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(1)
    assert peak(64) < 1.1 * peak(1)


def odd(x):
    return x


DIGESTED = [
    1, 1.0, True, "1", b"1", (1,), [1], {1}, {1: 2}, {2: 1}, None, Fraction(1), np.float64(1), np.array([1.0]),
    np.array([[1.0]]), np.array([1]), Walk(1), Walk(2), Breaks(1), odd, int, np.random.SeedSequence, abs, -0.0, 0.0,
]  # fmt: skip


def test_different_tasks_have_different_digests_the_same_in_every_process():
    seen = [digests.digest(value) for value in DIGESTED]
    assert len(set(seen)) == len(seen)
    assert digests.digest(replace(Walk(2), seed=1)) == digests.digest(Walk(1))
    assert digests.digest(tuple("ab")) != digests.digest(("ab",))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(digests.digest, DIGESTED[-8:]) == seen[-8:]


def test_what_was_made_on_the_spot_has_no_digest():
    loop = []
    loop.append(loop)
    for value in (lambda: 1, (x for x in ()), loop, np.array([None]), (Sums.__add__, lambda: 1)):
        with pytest.raises(digests.UndigestibleError, match="digest"):
            digests.digest(value)
