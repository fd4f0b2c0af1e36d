"""True identities of the field that are not in the catalogue: what the search is measured against.

``generate(count, seed)`` draws them from six families. Each is true by a rule of :mod:`truths_fields` or a derivation
in the family's module; no kernel, no search and no theorem of the catalogue takes part. A family yields *drafts*; here
they are disguised (equal notations exchanged), their summands spread over both sides, and what the catalogue or the
definitions already hold is dropped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from proofs_checks.attack import (
    truths_cumulants,
    truths_diffusion,
    truths_entropies,
    truths_ito,
    truths_moments,
    truths_stein,
)
from proofs_checks.attack.drafts import Draft
from theory.language.by_definition import holds_by_definition
from theory.language.instances import DIFFUSION, Setting
from theory.language.notation import X0, E, alpha, div, dot, grad, jac, m, normsq, post, s, s_c, sigma, tr, x
from theory.language.statements import Eq, Rel, digest
from theory.language.terms import Term, as_term, make, rebuild


@dataclass(frozen=True)
class Truth:
    """A true identity with its family, the rule it is true by, and its setting."""

    family: str
    kind: str
    statement: Rel
    setting: Setting

    @property
    def digest(self) -> str:
        """Of the statement alone."""
        return digest(self.statement)


Family = Callable[[random.Random], Draft]


# -- the same in other words ------------------------------------------------------------------------------------------
def disguised(term: Term, rng: random.Random, *, linear: bool, chance: float = 0.2) -> Term:
    """``term`` with some notations exchanged for equal ones (Tweedie and definitions; in E also by parts)."""
    args = tuple(disguised(t, rng, linear=linear, chance=chance) for t in term.args)
    term = rebuild(term, args)
    if rng.random() > chance:
        return term
    options = _OTHER.get(term.op, ())
    options = [o for o in options if linear or o not in _NEEDS_LINEAR]
    return rng.choice(options)(term) if options else term


_INNER = dot(X0 - m, X0 - m)
_OTHER: dict[str, Sequence[Callable[[Term], Term]]] = {
    "score": (lambda t: (alpha * m - x) / sigma**2, lambda t: post(s_c), lambda t: (alpha * post(X0) - x) / sigma**2),
    "score_c": (lambda t: (alpha * X0 - x) / sigma**2,),
    "post_mean": (lambda t: (x + sigma**2 * s) / alpha, lambda t: post(X0)),
    "dot": (lambda t: dot(t.args[1], t.args[0]) if t.rank == 0 else t,),
    "normsq": (lambda t: dot(t.args[0], t.args[0]),),
    "div": (lambda t: tr(jac(t.args[0])),),
    "lap": (lambda t: div(grad(t.args[0])), lambda t: tr(jac(grad(t.args[0])))),
    "frobsq": (lambda t: tr(dot(t.args[0], make("transpose", (t.args[0],)))),),
    "cov_post": (lambda t: post(make("outer", (X0 - m, X0 - m))), lambda t: sigma**2 / alpha * jac(m),
                 lambda t: post(make("outer", (X0, X0))) - make("outer", (m, m))),
    "snr": (lambda t: alpha**2 / sigma**2,),
    "mmse": (lambda t: E(_INNER), lambda t: E(post(normsq(X0 - m)))),
}  # fmt: skip
_NEEDS_LINEAR = frozenset(
    {_OTHER["score"][0], _OTHER["score"][2], _OTHER["score_c"][0], _OTHER["post_mean"][0], _OTHER["cov_post"][1]}
)


# -- drawing ----------------------------------------------------------------------------------------------------------
def families() -> dict[str, Family]:
    """The six families by name."""
    return {
        "stein": truths_stein.draw, "moments": truths_moments.draw, "entropies": truths_entropies.draw,
        "ito": truths_ito.draw, "cumulants": truths_cumulants.draw, "diffusion": truths_diffusion.draw,
    }  # fmt: skip


def known_digests() -> frozenset[str]:
    """The digests of every relation of the catalogue."""
    from proofs_checks.registry import load

    return frozenset(digest(s) for claim in load().values() for s in claim.statements.values())


def generate(count: int, seed: int) -> Iterator[Truth]:
    """``count`` distinct identities, the families in turn; the same for the same ``seed``."""
    known, drawn = set(known_digests()), 0
    named = families()
    streams = {name: random.Random(f"{seed} {name}") for name in named}
    while drawn < count:
        for name, family in named.items():
            if drawn == count:
                return
            yield _fresh(name, family, streams[name], known)
            drawn += 1


def _fresh(name: str, family: Family, rng: random.Random, known: set[str]) -> Truth:
    """The next draft that is new and says something; a family that only repeats itself is an error."""
    for _ in range(1000):
        draft = family(rng)
        linear = draft.setting.process != DIFFUSION
        left = disguised(draft.lhs, rng, linear=linear)
        right = disguised(draft.rhs, rng, linear=linear)
        statement = Eq(left, right)
        if statement.lhs == as_term(0) and statement.rhs == as_term(0):
            continue
        fresh = digest(statement) not in known and digest(Eq(draft.lhs, draft.rhs)) not in known
        if fresh and not holds_by_definition(statement):
            known.update((digest(statement), digest(Eq(draft.lhs, draft.rhs))))
            return Truth(name, draft.kind, statement, draft.setting)
    raise ValueError(f"the family {name!r} draws nothing new any more; ask for fewer identities")
