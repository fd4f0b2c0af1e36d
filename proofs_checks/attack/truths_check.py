"""Is a drawn identity true? A float check at laws and processes that the rules did not see. Never a proof.

Linear processes: the float route at a mixture, at atoms and (for fields) at a mixture in two dimensions, germs with
second derivatives. Any drift: the same linear processes, and a diffusion with a drift that is not linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from numerics.gap import float_gap
from numerics.quadrature import Grid
from numerics.rings import Unsupported
from proofs_checks.attack.truths import Truth
from proofs_checks.attack.truths_doob import Doob, doob_gap
from theory.language.definitions import unfold
from theory.language.instances import DIFFUSION, DISCRETE, STANDING, VE, VP, Germ, Instance
from theory.language.statements import Eq, Rel
from theory.language.terms import walk

_F = Fraction
_G2 = (_F(9, 10), _F(-1, 3), _F(2, 9))
GERMS = {
    "linear": Germ(_F(3, 5), _F(4, 5), (_F(-7, 20), _F(1, 5), _F(1, 7)), _G2),
    VE.name: Germ(_F(1), _F(4, 5), (_F(0), _F(0), _F(0)), _G2),
    VP.name: Germ(_F(3, 5), _F(4, 5), (_F(-9, 20), _F(1, 6), _F(-1, 9)), _G2),
}
LINE, FLAT = 1e-7, 1e-5
"""Tolerated gaps in one dimension and in the plane, where the grid is coarse for high moments."""
ROW, PLANE = Grid(step=0.125), Grid(reach=9.0)


@dataclass(frozen=True)
class Check:
    """The largest gap, relative to the sides, over what is tolerated there; and at how many places it was taken."""

    excess: float
    places: int

    @property
    def holds(self) -> bool:
        """The sides agreed wherever they were read."""
        return self.places > 0 and self.excess < 1


def places(truth: Truth) -> list[Instance]:
    """The laws and germs at which the sides are compared."""
    germ = GERMS.get(truth.setting.process.name, GERMS["linear"])
    found = [Instance(i.law, germ, i.x, i.X0, (("lam", _F(7, 5)),), i.name) for i in STANDING]
    return [i for i in found if truth.setting.law != DISCRETE or i.law.is_discrete]


@lru_cache(maxsize=1)
def _nonlinear() -> Doob:
    return Doob()


def check(truth: Truth, *, plane: bool = True) -> Check:
    """Compare the sides. ``plane``: also in two dimensions (slower for averages)."""
    rel, worst, count = truth.statement, 0.0, 0
    bare = Eq(unfold(rel.lhs), unfold(rel.rhs))  # unfolded, a drift given the end shows that it depends on X0
    core = [node.op for side in (bare.lhs, bare.rhs) for node in walk(side)]
    if truth.setting.process == DIFFUSION:
        worst, count = doob_gap(rel, _nonlinear()) / LINE, 1
    for instance in places(truth) if "q" not in core else ():
        if instance.law.D > 1 and not plane:
            continue
        try:
            gap = _gap(bare, instance)
        except Unsupported:
            continue
        worst, count = max(worst, gap / (LINE if instance.law.D == 1 else FLAT)), count + 1
    return Check(worst, count)


def _gap(rel: Rel, instance: Instance) -> float:
    return float_gap(rel, instance, grid=PLANE if instance.law.D > 1 else ROW)
