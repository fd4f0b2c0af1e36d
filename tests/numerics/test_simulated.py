"""A simulated quantity is the number that theory gives; a wrong drift is not; and what cannot be decided says so."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from numerics.functionals import SquaredScore
from numerics.mixtures import Mixture
from numerics.observables.walks import Channel
from numerics.sequential import Outcome
from numerics.simulate import CHUNK
from numerics.simulated import NAMES, Simulated, SimulationError, simulated
from numerics.simulated.named import experimented
from numerics.simulated.plans import PLANS
from numerics.simulated.rows import Rows, ensemble
from numerics.simulated.setting import floats, problem_of, setting_of
from numerics.simulated.theory import target_of
from numerics.streams import stream
from theory.laws import parse_law
from theory.places import parse_at
from theory.processes import parse_process

PAIR = "deltas(-1: 1/2, 1: 1/2)"
SKEWED = "deltas(-1: 1/4, 1: 3/4)"
ROUGH = {"margin": 0.01}
FOUR = "mixture(" + ", ".join(f"1/4: N(({i}, {i * i % 3}, {(i + 1) % 2}, {-i}), 1/4)" for i in range(4)) + ")"


@pytest.mark.parametrize("name", NAMES)
def test_every_quantity_agrees_under_a_schedule_of_its_own(name: str) -> None:
    """Under vp alpha is not 1, so the rescaling is seen too."""
    against = SKEWED if name == "path-divergence" else None
    found = simulated(name, PAIR, "vp", "sigma=1/2", against=against, **ROUGH)
    assert found.outcome is Outcome.EQUIVALENT
    assert found.route == "transfer"
    assert abs(found.difference) <= found.error + found.target_radius
    assert found.error <= 1e-3 * abs(found.value)


@pytest.mark.parametrize("name", ["fisher-information", "entropy", "class-entropy", "variance-h"])
@pytest.mark.parametrize("strength", [1.01, 0.99])
def test_a_drift_wrong_by_one_percent_is_refuted(name: str, strength: float) -> None:
    """The margin is a quarter of what such a drift changes, whatever that is."""
    found = simulated(name, PAIR, "ve", "sigma=1/2", strength=strength)
    assert found.outcome is Outcome.REFUTED
    assert found.relative <= PLANS[name].widest
    assert "a quarter" in found.margin_reason or found.relative == PLANS[name].widest


def test_both_routes_agree() -> None:
    """Paths and the transfer operator, within the errors that they state."""
    ways = [simulated("mmse", PAIR, "ve", "sigma=1/2", route=route, **ROUGH) for route in ("paths", "transfer")]
    assert [w.outcome for w in ways] == [Outcome.EQUIVALENT] * 2
    assert abs(ways[0].value - ways[1].value) <= ways[0].error + ways[1].error
    assert ways[0].paths >= CHUNK
    assert ways[1].paths == 0


def test_a_wrong_drift_is_refuted_on_paths() -> None:
    """Against the margin that the pilot measured."""
    found = simulated("fisher-information", PAIR, "vp", "sigma=1/2", route="paths", strength=1.01)
    assert found.outcome is Outcome.REFUTED


def test_two_atoms_in_many_dimensions_are_one() -> None:
    """The rest is Gaussian in closed form, under a wrong drift too, which feels where the law lies."""
    ones, others = ", ".join(["1"] * 100), ", ".join(["-1"] * 100)
    law = f"deltas(({ones}): 1/2, ({others}): 1/2)"
    for name in ("fisher-information", "varentropy", "entropy"):
        found = simulated(name, law, "ve", "sigma=5")
        assert (found.outcome, found.dimension, found.route) == (Outcome.EQUIVALENT, 1, "transfer")
    assert simulated("class-entropy", law, "ve", "sigma=5", strength=1.01).outcome is Outcome.REFUTED
    moved = f"deltas(({ones}): 1/2, ({', '.join(['3'] + ['1'] * 99)}): 1/2)"
    assert simulated("fisher-information", moved, "ve", "sigma=1", strength=1.01).dimension == 2


def test_more_dimensions_take_paths() -> None:
    """Four components of one covariance in four dimensions span three."""
    problem = problem_of(PLANS["class-entropy"], floats(parse_law(FOUR)), 1.0, 1.0)
    assert problem.data.D == 3
    with pytest.raises(SimulationError, match="--route paths"):
        simulated("class-entropy", FOUR.replace("1/4)", "[[1,0,0,0],[0,2,0,0],[0,0,3,0],[0,0,0,1]])"), "ve", "sigma=1",
                  route="transfer")  # fmt: skip


def test_without_an_integral_the_target_is_sampled_from_the_forward_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same number within its radius; mutual information without any time integral."""
    import numerics.simulated.theory as home
    from numerics.rings import Unsupported

    def refuse(*args: object, **options: object) -> None:
        raise Unsupported("no integral")

    monkeypatch.setattr(home, "value", refuse)
    monkeypatch.setattr(home, "SAMPLES", 4 * CHUNK)
    process, place = parse_process("vp"), parse_at("sigma=1/2")
    setting = setting_of(parse_law(PAIR), process, place)
    for name, known in (("fisher-information", 2.50818517135), ("mutual-information", 0.585939350426),
                        ("entropy", 1.31173070307), ("variance-h", 0.0327080350755)):  # fmt: skip
        target = target_of(PLANS[name], setting, process, place, share=1e-6, seed=1)
        assert target.guarantee == "statistical"
        assert abs(target.value - known) <= target.radius <= 0.15 * known


def test_a_variance_read_off_pairs_is_unbiased() -> None:
    """x^2-like rows: for a Gaussian law log p has variance D/2 whatever its mean."""
    data = Mixture((1.0,), ((5.0,),), (((1.0,),),))
    from numerics.functionals import LogDensity

    seen = ensemble(Channel(data, (1.0,)), Rows(None, LogDensity()), 0.0).observe((0,), CHUNK, stream(0, "a", "b", 0))
    assert seen.values.shape == (1, CHUNK)
    assert seen.values.mean() == pytest.approx(0.5, abs=6 * seen.values.std() / math.sqrt(CHUNK))


def test_blocks_bound_the_memory() -> None:
    """Whatever the dimension, a block holds few numbers; its rows are those of all paths."""
    data = Mixture((1.0,), ((0.0,) * 40,), (tuple(tuple(float(i == j) for j in range(40)) for i in range(40)),))
    blocks = ensemble(Channel(data, (1.0,)), Rows(SquaredScore()), 0.0)
    assert blocks.size < CHUNK
    seen = blocks.observe((0,), 3000, stream(0, "a", "b", 0))
    assert seen.values.shape == (1, 3000)
    assert seen.values.mean() == pytest.approx(20, rel=0.05)  # 40/(c + sigma^2)


def test_extremes_say_what_they_are() -> None:
    """A number below float64 is not decided; a Gaussian has no classes; one atom no posterior variance."""
    tiny = simulated("class-entropy", PAIR, "ve", "sigma=1/1000")
    assert tiny.outcome is Outcome.UNDECIDED
    assert "float64" in tiny.reason
    for name, law in (("class-entropy", "gaussian(0, 1)"), ("mmse", "deltas(3: 1)")):
        found = simulated(name, law, "ve", "sigma=1")
        assert (found.outcome, found.value, found.target) == (Outcome.EQUIVALENT, 0.0, 0.0)
    assert simulated("fisher-information", PAIR, "ve", "sigma=1000").outcome is Outcome.EQUIVALENT


def test_too_few_paths_are_said() -> None:
    """One chunk does not settle a variance to 3 %."""
    found = simulated("variance-h", PAIR, "ve", "sigma=1/2", route="paths", max_paths=1)
    assert found.outcome is Outcome.UNDECIDED
    assert found.reason.startswith("1 paths are too few")


@pytest.mark.parametrize(
    ("name", "law", "at", "options", "words"),
    [
        ("fisher-informatoin", PAIR, "sigma=1", {}, "did you mean fisher-information"),
        ("bandwidth", PAIR, "sigma=1", {}, "simulate mmse"),
        ("score", PAIR, "sigma=1", {}, "field"),
        ("mmse", "deltas(-mu: 1/2, mu: 1/2)", "sigma=1", {}, "mu has no value"),
        ("mmse", PAIR, "sigma=1, x=1", {}, "takes no point"),
        ("mmse", PAIR, "sigma=1", {"margin": 0.02}, "at most 0.01"),
        ("mmse", PAIR, "sigma=1", {"rate": 0.5}, "error rate"),
        ("mmse", PAIR, "sigma=1", {"strength": math.nan}, "factor of the drift"),
        ("mmse", PAIR, "sigma=1", {"route": "magic"}, "one of auto"),
        ("mmse", PAIR, "sigma=1", {"against": SKEWED}, "only path-divergence"),
        ("path-divergence", PAIR, "sigma=1", {}, "compares two laws"),
        ("path-divergence", PAIR, "sigma=1", {"against": PAIR}, "the same"),
        ("path-divergence", PAIR, "sigma=1", {"against": "gaussian((0, 0), 1)"}, "one space"),
        ("conditional-entropy", "gaussian(0, 1)", "sigma=1", {}, "atoms only"),
    ],
)
def test_a_wrong_question_gets_a_sentence(name: str, law: str, at: str, options: dict, words: str) -> None:
    """With the place and the remedy."""
    with pytest.raises(ValueError, match=words):
        simulated(name, law, "ve", at, **options)


def test_a_stopped_run_says_so_and_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    """As if it had never stopped."""
    whole = simulated("variance-h", PAIR, "ve", "sigma=1", route="paths", max_paths=32 * CHUNK)
    file, seen = tmp_path / "run.json", []

    def stop(done: int, total: int, left: float | None) -> None:
        seen.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    options = {"route": "paths", "max_paths": 32 * CHUNK, "resume": file}
    part = simulated("variance-h", PAIR, "ve", "sigma=1", progress=stop, **options)
    assert part.outcome is Outcome.UNDECIDED
    assert part.stopped.startswith("stopped after ")
    assert 0 < part.paths < whole.paths
    assert json.loads(file.read_text())["what"] == "infodyn run"
    again = simulated("variance-h", PAIR, "ve", "sigma=1", **options)
    assert _bits(again) == _bits(whole)
    with pytest.raises(ValueError, match="another run"):
        simulated("variance-h", PAIR, "ve", "sigma=1", **{**options, "seed": 5})


def _bits(found: Simulated) -> tuple[float, ...]:
    return found.value, found.statistical_error, found.step_error, found.paths


def test_the_record_repeats_the_run() -> None:
    """JSON with decimal strings and what is needed to run it again."""
    found = simulated("mmse", PAIR, "ve", "sigma=1", margin=0.01)
    data = json.loads(json.dumps(found.to_json()))
    assert data["version"] == 1
    assert {"seed", "scheme", "grid", "steps", "chunk", "law", "process", "at", "versions"} <= set(data)
    assert data["versions"]["numpy"] == np.__version__
    assert isinstance(data["value"], str)
    assert data["theory"]["guarantee"] == "rigorous"


@pytest.mark.parametrize("name", ["distribution", "calibration"])
def test_a_stopped_experiment_says_so_and_goes_on_with_the_same_bits(tmp_path: Path, name: str) -> None:
    law = parse_law("mixture(1/3: N(-1, 1/9), 2/3: N(1, 1/4))")
    options = {"max_paths": 8 * CHUNK, "seed": 5}
    whole = experimented(name, law, parse_process("ve"), 2.0, 0.8, **options)
    told: list[int] = []

    def stop(done: int, total: int, left: float | None) -> None:
        told.append(done)
        if len(told) == 3:
            raise KeyboardInterrupt

    file = tmp_path / "run"
    partial = experimented(name, law, parse_process("ve"), 2.0, 0.8, **options, progress=stop, resume=file)
    assert re.fullmatch(r"stopped after \d+ of 8 chunks", partial.stopped)
    assert all(line.paths < 8 * CHUNK for line in partial.lines)
    resumed = experimented(name, law, parse_process("ve"), 2.0, 0.8, **options, resume=file)
    assert not resumed.stopped
    assert resumed.as_json() == whole.as_json()
