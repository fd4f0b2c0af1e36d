"""``infodyn prove`` and ``infodyn recheck``: certificates as a user meets them."""

import json
import os

import pytest

from infodyn.cli import main


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*args):
        with pytest.raises(SystemExit) as end:
            main(list(args))
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    return call


def test_proved_written_and_proved_again(run, tmp_path):
    code, out, err = run("prove", "entropy.conditional_rate", "-o", "cert.json")
    assert code == 0
    assert "proved     sign: d/dt H(X0|Xt) >= 0\n  for every dimension D, any law of X0 with finite I(X0; Xt)" in out
    assert err == "infodyn: wrote cert.json (3 of 3 statements)\n"
    assert os.listdir(tmp_path) == ["cert.json"]
    data = json.loads((tmp_path / "cert.json").read_text(encoding="utf-8"))
    assert (data["format"], data["claim"]) == ("infodyn-certificate", "entropy.conditional_rate")
    code, out, err = run("recheck", "cert.json")
    assert (code, err) == (0, "")
    assert out.count("proved  ") == 3
    assert "  statement d/dt H(X0|Xt) = g^2/2 (D/sigma^2 + E[div s])\n" in out
    assert "  assumes   finite averages: every average that occurs converges absolutely\n" in out
    assert "  shown     positivity: p is positive (a Gaussian kernel with sigma > 0 is positive)\n" in out


def test_a_law_is_spelled_out_beside_its_name(run):
    assert run("prove", "bif.critical_sigma", "-o", "cert.json")[0] == 0
    _, out, _ = run("recheck", "cert.json")
    assert "  where     two modes is mixture(1/2: N(-mu, S), 1/2: N(mu, S))\n" in out


def test_the_coefficients_of_a_series_are_theorems(run):
    code, out, _ = run("prove", "bif.pitchfork_normal_form", "-o", "cert.json")
    assert code == 0
    assert out.count("proved  ") > 3


def test_folklore_shows_its_witness_and_keeps_the_old_file(run, tmp_path):
    code, out, err = run("prove", "entropy.bandwidth_is_divergence", "-o", "cert.json")
    assert code == 1
    assert "refuted    rate: d/dt H(X0|Xt) = -g^2/2 E[div s]\n" in out
    assert "difference = " in out
    assert err == "infodyn: nothing is proved, so no certificate is written\n"
    assert not os.listdir(tmp_path)
    (tmp_path / "cert.json").write_text("mine", encoding="utf-8")
    assert run("prove", "entropy.bandwidth_is_divergence", "-o", "cert.json")[2].endswith("; the old file is kept\n")
    assert (tmp_path / "cert.json").read_text(encoding="utf-8") == "mine"


def test_what_is_no_matter_of_algebra_is_undecided(run):
    code, out, _ = run("prove", "entropy.peak_at_critical", "-o", "cert.json")
    assert code == 3
    assert "undecided  peak: maxima of" in out


def test_a_dash_is_stdout(run, tmp_path):
    code, out, err = run("prove", "fwd.fokker_planck", "-o", "-")
    assert code == 0
    assert json.loads(out)["claim"] == "fwd.fokker_planck"
    assert err.startswith("proved     density")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("prove", "no.claim", "-o", "c.json"), "no claim"), (("prove", "fwd.fokker_planck", "-o", "."), "is a folder"),
        (("prove", "fwd.fokker_planck", "-o", "no/c.json"), "there is no folder"),
        (("recheck", "none.json"), "No such file"), (("recheck", "."), "directory"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_sentence(run, args, says):
    code, out, err = run(*args)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"), (b"\xff\x00", "UTF-8"), (b"proved", "line 1"), (b"[" * 50000, "deeply"), (b"{}", "kind"),
        (b" " * 4_000_001, "longer"),
    ],
)  # fmt: skip
def test_what_is_no_certificate_is_refused(run, tmp_path, content, says):
    (tmp_path / "cert.json").write_bytes(content)
    code, out, err = run("recheck", "cert.json")
    assert (code, out) == (1, "")
    assert err.startswith("refused: ")
    assert says in err
    assert err.count("\n") == 1


def test_another_version_and_damage_are_refused(run, tmp_path):
    run("prove", "fwd.fokker_planck", "-o", "cert.json")
    path = tmp_path / "cert.json"
    whole = path.read_text(encoding="utf-8")
    for old, new, says in (('"version": 2, "claim"', '"version": 3, "claim"', "version 2"), ('"2"', '"3"', "damaged")):
        path.write_text(whole.replace(old, new, 1), encoding="utf-8")
        code, _, err = run("recheck", "cert.json")
        assert code == 1
        assert says in err
