"""The reference tables: every printed entry agrees with the rigorous ball to one unit in its last place.

T1, T1w, T2, T3, T4 are the canonical laws of the theory; entries in nats. The tables were computed independently, by
sums at two step sizes. No entry is wrong.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from numerics.balls import arb, ball, lower, sign, upper, working
from numerics.enclosures import RIGOROUS, enclose
from numerics.quantities.values import value
from theory.language.instances import Germ, Instance
from theory.language.notation import X0, Cov, E, frobsq, grad, h, normsq, tr, x
from theory.laws import parse_law

T1 = "deltas(-1: 1/2, 1: 1/2)"
LAWS = {
    "T1": T1,
    "T1w": "deltas(-1: 1/5, 1: 4/5)",
    "T2": "mixture(1/2: N(-1, 1/4), 1/2: N(1, 1/4))",
    "T3": "mixture(3/10: N(-1, 1/25), 7/10: N(3/2, 9/25))",
    "T4": "deltas(-7/2: 1/4, -5/2: 1/4, 5/2: 1/4, 7/2: 1/4)",
}


def agrees(found, printed):
    """Whether the ball lies within one unit in the last place of ``printed``."""
    unit = Fraction(1, 10 ** len(printed.partition(".")[2]))
    assert upper(found) - lower(found) < unit / 10
    return Fraction(printed) - unit <= lower(found) and upper(found) <= Fraction(printed) + unit


def number(quantity, law, process, at=None, digits=22, **rest):
    found = value(quantity, law, process, at, digits=digits, **rest)
    assert found.guarantee == RIGOROUS
    assert found.complete
    return found.balls


# -- R1: T1 along the noise ------------------------------------------------------------------------------------------
R1_COLUMNS = (("conditional-entropy", None), ("mmse", None), ("expected-divergence", None), ("bandwidth", "sigma^2"))
R1_MORE_COLUMNS = (("bandwidth", "sigma"), ("bandwidth", "log-sigma"), ("variance-phi", None), ("variance-h", None))
R1 = """
    0.3 0.00124105674559578720 0.00132407840011417787 -10.9476446419612126 0.0817332345749492513
    0.5 0.0604269868230783278 0.0685974087907388140 -2.90244145934817898 0.548779270325910512
    0.7 0.188421129101039726 0.225093837421829243 -1.10331596242470120 0.468750182052955524
    0.8 0.251452708378804210 0.306724881474891232 -0.813659957336691329 0.374420021331654335
    1.0 0.356316360213113697 0.449599509206672830 -0.550400490793327170 0.224799754603336415
    1.2 0.433098334792491847 0.560619531089516642 -0.424083945269330323 0.135180249587557061
    1.5 0.510252409854327139 0.678852227212689113 -0.310350177340703385 0.0670471335518705296
    2.0 0.581725698375209130 0.795945734366499687 -0.200253391602093770 0.0248733041989531152
    3.0 0.640475543697284570 0.899432607722930754 -0.100007004842926781 0.00555205313409216515
"""
R1_MORE = """
    0.3 0.0490399407449695508 0.0147119822234908652 0.00278530772783570043 0.000427905717124424053
    0.5 0.548779270325910512 0.274389635162955256 0.106764127624956954 0.0201421978048270909
    0.7 0.656250254874137734 0.459375178411896414 0.252549191609604414 0.0474707079488876195
    0.8 0.599072034130646937 0.479257627304517549 0.292990563805447716 0.0528406855128394652
    1.0 0.449599509206672830 0.449599509206672830 0.316945645065947672 0.0508573174613909492
    1.2 0.324432599010136946 0.389319118812164335 0.299881043352195113 0.0419652623787369543
    1.5 0.201141400655611589 0.301712100983417383 0.252049747321199016 0.0284729800573228481
    2.0 0.0994932167958124609 0.198986433591624922 0.178465242309929904 0.0142812305530151155
    3.0 0.0333123188045529909 0.0999369564136589727 0.0948972375083164131 0.00418165746483182819
"""


@pytest.mark.parametrize(("columns", "table"), [(R1_COLUMNS, R1), (R1_MORE_COLUMNS, R1_MORE)])
def test_two_atoms_along_the_noise(columns, table):
    for row in map(str.split, table.strip().splitlines()):
        for (quantity, clock), printed in zip(columns, row[1:], strict=True):
            found = number(quantity, T1, "ve", f"sigma={row[0]}", clock=clock)
            assert agrees(found, printed), (row[0], quantity, clock, printed, found)


@pytest.mark.parametrize(
    ("term", "printed"),
    [
        (E(frobsq(Cov(X0 | x))), "0.31655534540439446838"),
        (E(h * tr(Cov(X0 | x))), "0.23609146030925632697"),
        (E(normsq(grad(h))), "0.093530376022726107291"),
    ],
)
def test_moments_of_the_pathwise_entropy(term, printed):
    """At sigma = 1."""
    zero = Fraction(0)
    germ = Germ(Fraction(1), Fraction(1), (zero,), (Fraction(1),))
    found = enclose(term, Instance(parse_law(T1), germ), digits=23)
    assert found.guarantee == RIGOROUS
    assert agrees(found.value, printed)


# -- R2: two atoms by their signal-to-noise ratio ---------------------------------------------------------------------
R2 = """
    0.1 0.90865939879512211913 0.6454979466632290256
    0.5 0.64988659532486918568 0.49180170897514016916
    1   0.44959950920667282971 0.35631636021311369741
    2   0.23101822192929561944 0.19307504449310037223
    4   0.068597408790738814024 0.060426986823078327758
    9   0.0041510797399035138275 0.0038492475308675426943
"""


@pytest.mark.parametrize("row", [line.split() for line in R2.strip().splitlines()], ids=lambda row: f"eta={row[0]}")
def test_two_atoms_by_their_ratio(row):
    assert agrees(number("mmse", T1, "ve", f"snr={row[0]}", digits=25), row[1])
    assert agrees(number("class-entropy", T1, "ve", f"snr={row[0]}", digits=25), row[2])


def around(printed):
    """The two levels one unit in the last place to either side."""
    unit = Fraction(1, 10 ** len(printed.partition(".")[2]))
    return Fraction(printed) - unit, Fraction(printed) + unit


def test_where_half_of_the_variance_is_left():
    left, right = (number("mmse", T1, "ve", f"snr={eta}", digits=25) for eta in around("0.850844437614160793"))
    assert upper(right) < Fraction(1, 2) < lower(left)


# -- R3: extrema of T1 ----------------------------------------------------------------------------------------------
OU2 = "vp(2)"  # dX = -X dt + sqrt 2 dW
R3 = """
    bandwidth sigma^2   snr   3.34866816874585049  0.5652430124465275 0.1264661777
    bandwidth sigma^2   sigma 0.546467002646119870 0.5652430124465275 0.1264661777
    bandwidth t         snr   2.86094129002000044  1.494102099233745  0.1676791812
    bandwidth t         nu    0.349535309755695524 1.494102099233745  0.1676791812
    bandwidth t         t     0.149880159099489    1.494102099233745  0.1676791812
    bandwidth sigma     snr   2.41264889583322819  0.6677705286680338 0.2180174709
    bandwidth sigma     sigma 0.643802913017549438 0.6677705286680338 0.2180174709
    bandwidth log-sigma snr   1.50833062878638098  0.4795159706351335 0.3749719061
    bandwidth log-sigma sigma 0.814238671515948069 0.4795159706351335 0.3749719061
    variance-h -        snr   1.34547766972504169  0.0536288911297235 0.4144204972
    variance-h -        sigma 0.862108154103955527 0.0536288911297235 0.4144204972
    variance-phi -      snr   1.02694334390872465  0.3170348315908626 0.5053999020
    variance-phi -      sigma 0.986794585355646997 0.3170348315908626 0.5053999020
"""


@pytest.mark.parametrize("row", [line.split() for line in R3.strip().splitlines()], ids="-".join)
def test_extrema_of_two_atoms(row):
    """The derivative changes its sign, from + to - in the noise, within one unit of the printed place."""
    quantity, clock, level, place, top, share = row
    process, clock = (OU2 if clock == "t" else "ve"), (None if clock == "-" else clock)
    slopes = [number(quantity, T1, process, f"{level}={at}", digits=5, clock=clock, by="t") for at in around(place)]
    if level == "snr":
        slopes.reverse()
    assert [sign(slope) for slope in slopes] == [1, -1]
    assert agrees(number(quantity, T1, process, f"{level}={place}", clock=clock), top)
    entropy = number("conditional-entropy", T1, process, f"{level}={place}")
    with working(200):
        assert agrees(entropy / arb(2).log(), share)


# -- R4: fixed points of x = tanh(x/nu) -----------------------------------------------------------------------------
R4 = {
    "1/4": "0.999325673015108", "1/2": "0.957504024077269", "3/4": "0.775516313851923", "9/10": "0.525429512658009",
    "99/100": "0.172511069975051",
}  # fmt: skip


@pytest.mark.parametrize("nu", R4)
def test_fixed_points_of_two_atoms(nu):
    """tanh(x/nu) - x is concave for x > 0 and changes its sign, from + to -, once."""
    with working(200):
        slopes = [(ball(at) / ball(Fraction(nu))).tanh() - ball(at) for at in around(R4[nu])]
    assert [sign(slope) for slope in slopes] == [1, -1]


# -- R6: one-dimensional mixtures -----------------------------------------------------------------------------------
R6_COLUMNS = ("entropy", "fisher-information", "mmse", "class-entropy", "variance-h-class", "variance-phi-class")
R6 = """
    T3 1 .5 1.59723656968024 1.49794342510092 .156378535931193 .0738813995439143 .0241834794271710 .123664049692031
    T3 1 1 1.87542033559247 .452897481753468 .547102518246532 .267885251551877 .0564226450889294 .288361964216903
    T3 .6 .8 1.50831448491117 .863630583676593 .795158091461299 .366223343423637 .0529198427064673 .307802903631558
    T1w 1 .5 1.17939529299185 3.15727210946740 .0526704931582876 .0467984831910606 .0158992436222890 .0858303276153649
    T1w 1 1 1.65154156732439 .673650791920699 .326349208079301 .267799389418472 .0513841311502390 .307240969347464
    T1w .6 .8 1.34557801458648 1.17854613302109 .436854177540452 .350619390842166 .0462038886335315 .330898263254570
    T2 1 .5 1.57243707899155 1.07592711228282 .182754555482324 .193075044493100 .0480461495368030 .256212111040934
    T2 1 1 1.81902465055349 .467994106476046 .532005893523954 .404632838868231 .0458937162914141 .309681607887159
    T2 .6 .8 1.46069704383219 .928482805585096 .721370674534291 .494033297512579 .0315751021088137 .264745723280254
"""


@pytest.mark.parametrize("row", [line.split() for line in R6.strip().splitlines()], ids=lambda row: "-".join(row[:3]))
def test_mixtures(row):
    zero = Fraction(0)
    germ = Germ(Fraction(row[1]), Fraction(row[2]), (zero,), (Fraction(1),))
    for quantity, printed in zip(R6_COLUMNS, row[3:], strict=True):
        found = number(quantity, LAWS[row[0]], germ, digits=18)
        assert agrees(found, printed), (quantity, printed, found)


# -- R8: four atoms in two pairs ------------------------------------------------------------------------------------
R8_COLUMNS = ("conditional-entropy", "mmse", "variance-phi")
R8 = """
    0.3 0.121995744185791 0.0355743254996749 0.188134193822602
    0.5 0.356316791798445 0.112402667393608  0.316946409316829
    1   0.590710873552509 0.263144158776168  0.189452767863342
    2   0.842755422511218 1.94682530910723   0.277317072138571
    3   1.04190435711774  4.14753817750606   0.331461094627917
    5   1.22937263338396  6.67506737965980   0.231080248948785
"""


@pytest.mark.parametrize("row", [line.split() for line in R8.strip().splitlines()], ids=lambda row: f"sigma={row[0]}")
def test_two_pairs_of_atoms(row):
    for quantity, printed in zip(R8_COLUMNS, row[1:], strict=True):
        found = number(quantity, LAWS["T4"], "ve", f"sigma={row[0]}", digits=18)
        assert agrees(found, printed), (quantity, printed, found)
