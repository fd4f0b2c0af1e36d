"""The trusted core: it decides what counts as proved, and nothing else does.

It never searches, never simplifies and has no configuration: a certificate comes in as JSON data, a theorem goes out or
a step is refused. Standard library and :mod:`theory.language` only; no floats, no randomness, no evaluation of text.
``python -m theory.kernel CERT.json`` is the whole program.

Reading order
-------------
Start with ``theory.language``: ``terms`` (what a statement is), ``definitions`` (what it says), ``by_definition``.
Then ``errors``, ``clock`` (it can only refuse), ``document`` and ``replay``: the door. Behind it are three kernels that
do not know each other.

``index``, every dimension D, number of components K and prior: this is where most theorems come from.
    ``monomials``            Einstein monomials; renaming summed indices is the only identity, delta_ii = D
    ``averages``             <u>, <u>_Z and E: linear, <1> = 1, the tower property
    ``bracket``              one derivation rule for each symbol; dt and d_i of averages
    ``lower``                a term as an element, operator by operator, from the definitions
    ``zero``                 an empty numerator proves; denominators must be known not to vanish
    ``parts``                Stein's identity E[x_i w] = alpha E[X0_i w] + sigma^2 E[d_i w], read from left to right
    ``nonneg`` ``pieces``    what is non-negative by its form, or by a named inequality
    ``links`` ``certificate`` ``equivalence``   what a proof may consist of, and the gate
    ``hypotheses``           what algebra cannot see: decay, exchange of limits, positivity; assumed or discharged
    ``gaussian_components``  exact moments of X0 given x and a Gaussian component

``component``, one concrete law with symbols, D <= 3: exp, log and tanh in closed form.
    ``elements`` ``ring``    Laurent polynomials in typed generators; only what is certified positive may be divided by
    ``calculus`` ``zero``    derivations; the zero test, and signs that can be read off
    ``model``                a term about a mixture as an element;  ``gaussian`` ``tensors``: its moments, plain tensors
    ``rules``                zero, sign, same sign;  ``zeros`` ``monotone`` ``polynomial_signs``: counts, inequalities

``words``, Gaussian laws of any dimension under general linear drift: noncommuting matrices.
    ``elements``             words of letters, traces up to rotation and transposition, forms u^T w v
    ``algebra`` ``inverses`` M M^-1 = 1 and the inverses of a M + b I;  ``signs``: positive definite by form
    ``motion``               mu' = A mu, C' = A C + C A^T + G; d M^-1, d log det M;  ``moments``: Gaussian averages
    ``lower`` ``certificate``  terms about Gaussian laws, and the gate

``witness`` holds exact counterexamples, and ``sturm`` counts zeros of polynomials. Nothing in ``witness`` can make a
statement true; the index kernel asks it only whether an authored denominator differs from 0 somewhere.

Why each is sound is said where it stands: a rule's docstring is its inference figure. Three facts carry the whole:
evaluation at any member of a setting is a ring homomorphism that respects the derivations, so an empty numerator is an
identity there even if the symbols are dependent; every division is by something certified not to vanish; whatever
analysis is needed beyond that is printed as a hypothesis of the theorem.
"""
