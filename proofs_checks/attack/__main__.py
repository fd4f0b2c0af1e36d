"""``python -m proofs_checks.attack ..``: attacks, run by hand or by night; without arguments it names them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

USAGE = "usage: python -m proofs_checks.attack {soundness,small-cases,power,numbers,calibration} [options]"


def _soundness(arguments: list[str]) -> int:
    """0: nothing false was accepted. 1: something was. 2: usage, or the report cannot be written."""
    from proofs_checks.attack import soundness
    from proofs_checks.attack.tables import table

    parser = argparse.ArgumentParser(prog="python -m proofs_checks.attack soundness")
    parser.add_argument("--count", type=_positive, default=20_000, help="distinct false statements (20000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=_positive, default=1, help="processes (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report")
    options = parser.parse_args(arguments)
    data = soundness.run(options.count, options.seed, options.jobs, _progress(options.count))
    print(table(data))
    if options.json is not None:
        try:
            soundness.write(data, options.json)
        except OSError as error:
            print(f"cannot write {options.json}: {error.strerror}", file=sys.stderr)
            return 2
    return 1 if data["findings"] else 0


def _positive(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if not value:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive integer")
    return value


def _progress(count: int, what: str = "false statements") -> Callable[[int], None] | None:
    if not sys.stderr.isatty():
        return None

    def show(found: int) -> None:
        print(f"\r{found} of {count} {what}", end="", file=sys.stderr, flush=True)

    return show


def _small_cases(arguments: list[str]) -> int:
    from proofs_checks.attack.small_cases import scan, shown

    if arguments:
        print("usage: python -m proofs_checks.attack small-cases", file=sys.stderr)
        return 2
    print("claim: the reverse drift of tr Cov(X0|x) is -g^2 alpha^2/sigma^4 (tr Cov)^2")
    print(shown(scan()))
    return 0


def _power(arguments: list[str]) -> int:
    from proofs_checks.attack.power import main as power

    return power(arguments)


def _numbers(arguments: list[str]) -> int:
    """0: no ball lied. 1: one did. 2: usage."""
    from proofs_checks.attack import numbers

    parser = argparse.ArgumentParser(prog="python -m proofs_checks.attack numbers")
    parser.add_argument("--count", type=_positive, default=10_000, help="random (mixture, quantity) pairs (10000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=_positive, default=1, help="processes (1)")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    tally = numbers.run(options.count, options.seed, options.jobs, _progress(options.count, "pairs"))
    print(numbers.shown(tally, options.seed, time.monotonic() - start))
    return 1 if tally.violations or sum(tally.pairs.values()) < options.count else 0


def _calibration(arguments: list[str]) -> int:
    """0: every error rate was kept. 1: one was not, or the guard is not needed. 2: usage."""
    from numerics.simulate import workers
    from proofs_checks.attack import calibration

    parser = argparse.ArgumentParser(prog="python -m proofs_checks.attack calibration")
    parser.add_argument("--count", type=_positive, default=1000, help="repetitions of each claim (1000)")
    parser.add_argument("--jobs", type=_positive, default=1, help="processes (1)")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    with workers(options.jobs) as pool:
        tables = {
            "A rare event at the error rate 1e-6": calibration.rare(executor=pool),
            f"The error rate {calibration.RATE}": calibration.rates(options.count, pool),
        }
    print(calibration.shown(tables))
    print(f"{time.monotonic() - start:.0f} s")
    return 0 if calibration.kept(tables) else 1


COMMANDS = {
    "soundness": _soundness, "small-cases": _small_cases, "power": _power, "numbers": _numbers,
    "calibration": _calibration,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Dispatch on the first argument."""
    if not arguments or arguments[0] not in COMMANDS:
        print(USAGE, file=sys.stderr)
        return 2
    return COMMANDS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
