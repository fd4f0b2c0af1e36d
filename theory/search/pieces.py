"""Non-negative pieces and squares that an inequality A >= B may be a sum of, read off its sides. Untrusted.

What is proposed here is a guess: the kernel writes every piece down itself and checks the equation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

from theory.kernel.errors import KernelError
from theory.kernel.index.nonneg import is_nonnegative
from theory.kernel.index.pieces import RELATIVE_ENTROPIES, Piece, nonnegative
from theory.language.definitions import minus, num, plus, power, unfold
from theory.language.instances import DISCRETE, LINEAR, Setting
from theory.language.terms import Term, make, walk

ONE, DIM, EYE, X0 = num(1), make("dim"), make("eye"), make("X0")
_AVERAGES = {"E": "E", "post": "post", "mmse": "E", "var": "E", "cov": "E", "covar": "E", "information": "E",
             "var_post": "post", "cov_post": "post"}  # fmt: skip
_PARTS = frozenset({"E", "post", "dot", "pow", "log"})
_BILINEAR = frozenset({"normsq", "frobsq", "tr", "var", "var_post", "cov", "cov_post", "covar", "outer", "dot"})
_LIMIT = 400
_WIDEST = Setting(DISCRETE, LINEAR)  # its rules accept whatever another setting's accept


def candidates(left: Term, right: Term) -> Iterator[tuple[Piece, ...]]:
    """Single pieces that ``left`` - ``right`` may equal as it stands, likeliest first."""
    for piece in pieces(left, right):
        for coefficient in _coefficients(piece):
            yield (Piece(piece.rule, coefficient, piece.terms, piece.over),)


def pieces(left: Term, right: Term) -> list[Piece]:
    """Pieces with the coefficient 1, likeliest first: what a search with unknown coefficients may combine.

    Likely is a piece whose averages (at a point: whose squares) the sides mention, once notation is unfolded.
    """
    known = {node for side in (left, right) for node in walk(unfold(side))}

    def unfamiliar(piece: Piece) -> float:
        term = _written(piece)
        if term is None:
            return 2.0
        parts = [n for n in walk(unfold(term)) if n.op in _PARTS]
        return sum(n not in known for n in parts) / max(1, len(parts))

    found = list(dict.fromkeys(_pieces(left, right)))
    return sorted((p for p in found if unfamiliar(p) < 2.0), key=unfamiliar)[:_LIMIT]


def _written(piece: Piece) -> Term | None:
    """The non-negative term of a piece, None if its rule refuses it for every law."""
    try:
        return nonnegative(piece, frozenset(), frozenset(), _WIDEST)
    except KernelError:
        return None


def squares(left: Term, right: Term) -> list[Term]:
    """Terms that are non-negative by their form and may, times a positive coefficient, be ``left`` - ``right``.

    Those that the sides mention come first, then the squares that rates of entropies, of the mmse and of Fisher
    information are known to be.
    """
    found: list[Term] = [t for t in (left, plus(left, minus(right))) if t.op not in ("num", "rate", "dt")]
    inside = [n for t in (left, right) for n in walk(t)]
    found += [n for n in inside if not n.rank]
    field = bool((left.free | right.free) & {"x", "X0", "Z"})
    vectors, scalars, matrices = _operands(inside)
    local = [make("normsq", (v,)) for v in vectors] + [power(w, 2) for w in scalars]
    local += [make("frobsq", (m,)) for m in matrices]
    local += [make("normsq", (plus(u, minus(v)),)) for u in vectors for v in vectors if u != v and repr(u) < repr(v)]
    local += [power(plus(u, minus(v)), 2) for u in scalars for v in scalars if u != v and repr(u) < repr(v)]
    found += [make("normsq", (make(over, (v,)),)) for v in vectors for over in ("E", "post")]
    between = [make("sub", (make("post", (t,)), make("E", (t,)))) for t in (*vectors, *scalars)]
    local += [power(t, 2) if t.rank == 0 else make("normsq", (t,)) for t in between]
    local += _STANDING
    for term in local:
        if not term.free or not field:
            found.append(make("E", (term,)))
        if field and not {"X0", "Z"} & (left.free | right.free):
            found.append(make("post", (term,)))
        if field:
            found.append(term)
    return [t for t in dict.fromkeys(found) if not t.rank and is_nonnegative(t) and t.op != "num"][:_LIMIT]


# -- what the sides are made of ----------------------------------------------------------------------------------------
def _leaf(name: str) -> Term:
    return make(name)


def _differ(left: str, right: str) -> Term:
    return make("normsq", (make("sub", (_leaf(left), _leaf(right))),))


def _standing() -> list[Term]:
    covariance, h = make("cov_post", (X0,)), make("entropy", (), "X0|x")
    surprisal = make("neg", (make("log", (make("posterior"),)),))
    label, other = make("entropy", (), "Z|x"), make("neg", (make("log", (make("posterior_z"),)),))
    found = [
        make("frobsq", (covariance,)), make("tr", (covariance,)), _differ("score_c", "score"),
        _differ("score_z", "score"), _differ("score_c", "score_z"), make("normsq", (_leaf("score"),)),
        make("normsq", (make("sub", (X0, _leaf("post_mean"))),)),
    ]  # fmt: skip
    for field in (h, surprisal, label, other):
        found.append(make("normsq", (make("grad", (field,)),)))
    found += [make("var_post", (field,)) for field in (surprisal, other)]
    found.append(make("frobsq", (make("jac", (_leaf("score"),)),)))
    ratio = make("log", (make("quot", (_leaf("p"), _leaf("q"))),))
    found.append(make("normsq", (make("grad", (ratio,)),)))
    return found


_STANDING = _standing()


def _operands(nodes: list[Term]) -> tuple[list[Term], list[Term], list[Term]]:
    """Vectors, scalars and matrices that occur squared, contracted, averaged or varied in ``nodes``."""
    by_rank: tuple[list[Term], list[Term], list[Term]] = ([], [], [])

    def add(*terms: Term) -> None:
        for term in terms:
            if term not in by_rank[term.rank] and term.op not in ("num", "dim"):
                by_rank[term.rank].append(term)

    for node in nodes:
        if node.op in _BILINEAR and not (node.op == "dot" and node.rank):
            add(*node.args)
        elif node.op in ("E", "post"):
            (inner,) = node.args
            add(*(inner.args if inner.op == "mul" else node.args))
        elif node.op == "pow" and node.data in (2, 4):
            add(*node.args)
        elif node.op == "div":
            add(make("jac", node.args))
        elif node.op == "lap":
            add(make("jac", (make("grad", node.args),)))
        elif node.op == "mmse":
            add(X0, make("sub", (X0, _leaf("post_mean"))))
    scalars, vectors, matrices = by_rank
    return vectors[:8], scalars[:8], matrices[:4]


def _pieces(left: Term, right: Term) -> Iterator[Piece]:
    nodes = [n for t in (left, right) for n in walk(t)]
    overs = list(dict.fromkeys(_AVERAGES[n.op] for n in nodes if n.op in _AVERAGES))
    vectors, scalars, matrices = _operands(nodes)
    ops = {n.op for n in nodes}
    if ops & {"information", "log", "entropy"}:
        for (above, below), allowed in RELATIVE_ENTROPIES.items():
            for over in allowed:
                yield Piece("relative entropy", ONE, (_leaf(above), _leaf(below)), over)
        for name in ("posterior_z", "wz", "posterior", "p0"):
            for over in ("E", "post", "point"):
                yield Piece("surprisal", ONE, (_leaf(name),), over)
    for over in (*overs, "point"):
        for family in (vectors[:6], scalars, [*matrices, EYE] if matrices else []):
            for u, v in combinations_with_replacement(family, 2):
                if u != v:
                    yield Piece("cauchy-schwarz", ONE, (u, v), over)
    for over in overs:
        for family in (vectors[:6], scalars, matrices):
            for u in family:
                yield Piece("jensen", ONE, (u,), over)
        for u in vectors[:6]:
            centred = plus(u, minus(make(over, (u,))))
            for vector in (centred, u):
                yield Piece("covariance", ONE, (vector,), over)
    for term in squares(left, right)[:60]:
        yield Piece("square", ONE, (term,))


def _coefficients(piece: Piece) -> Iterator[Term]:
    """1, and for Cauchy-Schwarz the inverses of what it may have been divided by."""
    yield ONE
    if piece.rule != "cauchy-schwarz":
        return
    for term in piece.terms:
        square = DIM if term == EYE else _square(term, piece.over)
        if square.op == "dim" or not square.free:
            yield power(square, -1)


def _square(term: Term, over: str) -> Term:
    square = power(term, 2) if term.rank == 0 else make("normsq" if term.rank == 1 else "frobsq", (term,))
    return square if over == "point" else make(over, (square,))
