"""The report of a soundness run as text."""

from __future__ import annotations

from typing import Any


def table(data: dict[str, Any]) -> str:
    """One table: a line a family, then totals, kinds of witness, what was set aside, and every finding."""
    lines = [f"{'family':<16}{'false':>8}{'zero test':>11}{'%':>8}{'accepted':>10}"]
    for name, row in data["families"].items():
        percent = 100 * row["reached"] / max(1, row["false"])
        lines.append(f"{name:<16}{row['false']:>8}{row['reached']:>11}{percent:>8.1f}{row['accepted']:>10}")
    lines.append(
        f"{'all':<16}{data['drawn']:>8}{data['reached']:>11}{data['reached_percent']:>8.1f}{data['accepted']:>10}"
    )
    lines += [
        "",
        f"{data['false']} distinct false statements from {data['parents']} true ones,"
        f" {data['certificates']} certificates,"
        f" seed {data['seed']}, {data['seconds']} s with {data['jobs']} process(es)",
        f"by the whole judge: {_counted(data['settled'])}",
        f"witnesses: {_counted(data['witnesses'])}",
        f"set aside: {_counted(data['discarded'])}",
    ]
    for finding in data["findings"]:
        lines += ["", f"{finding['what'].upper()}: {finding['recipe']} ({finding['setting']})", finding["statement"]]
        lines.append(f"  witness: {finding['witness']['kind']}, residual {', '.join(finding['witness']['residual'])}")
    return "\n".join(lines)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
