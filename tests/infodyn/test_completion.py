"""The shell is offered what exists, quickly: no SymPy, no numerics."""

import os
import subprocess
import sys

import pytest

from infodyn.commands import completion
from proofs_checks.registry import load
from theory.laws import STANDING_LAWS
from theory.processes import parse_process

SCRIPT = "import sys, infodyn.cli as c\ntry: c.main()\nexcept SystemExit: pass\n"
SCRIPT += "print([m for m in ('sympy', 'numpy', 'flint', 'hypothesis', 'scipy', 'rich') if m in sys.modules])"


def offered(*words):
    """What bash is offered for the last of ``words``, and which heavy modules that took."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "_INFODYN_COMPLETE": "bash_complete",
           "COMP_WORDS": " ".join(("infodyn", *words)), "COMP_CWORD": str(len(words))}  # fmt: skip
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True)
    *lines, heavy = done.stdout.splitlines()
    return [line.partition(",")[2] for line in lines], heavy


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("sh",), ["show"]),
        (("show", "entropy.cond"), ["entropy.conditional_rate"]),
        (("verify", "entropy.immse", "score.twee"), ["score.tweedie"]),
        (("verify", "--group", "c"), ["C"]),
        (("verify", "--evidence", "proof,encl"), ["proof,enclosure"]),
        (("mutants", "bif.crit"), ["bif.critical_sigma"]),
        (("value", "bandw"), ["bandwidth"]),
        (("value", "bandwidth", "--law", "T1"), ["T1", "T1w"]),
        (("value", "bandwidth", "--process", "co"), ["cosine"]),
        (("value", "bandwidth", "--clock", "log"), ["log-sigma"]),
        (("derive", "dens"), ["density"]),
        (("derive", "score", "--fo"), ["--format"]),
        (("completion", "z"), ["zsh"]),
    ],
)
def test_what_exists_is_offered_without_heavy_modules(words, some):
    names, heavy = offered(*words)
    assert names == some
    assert heavy == "[]"


def test_every_claim_is_offered():
    assert offered("show", "")[0] == list(load())


def test_the_names_kept_here_are_those_of_their_homes():
    from numerics.quantities.table import QUANTITIES
    from theory.closed_forms.derivation import QUANTITIES as CLOSED_FORMS

    assert set(completion.VALUES) == set(QUANTITIES)
    assert set(completion.CLOSED_FORMS) == set(CLOSED_FORMS)
    assert [parse_process(name).text for name in completion.PROCESSES] == list(completion.PROCESSES)
    assert "T1" in STANDING_LAWS


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_each_shell_gets_its_script(shell, capsys):
    from infodyn.cli import main

    with pytest.raises(SystemExit) as stop:
        main(["completion", shell])
    assert stop.value.code == 0
    assert "_INFODYN_COMPLETE" in capsys.readouterr().out


def test_bash_can_read_its_script(capsys):
    from infodyn.cli import main

    with pytest.raises(SystemExit):
        main(["completion", "bash"])
    script = capsys.readouterr().out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
