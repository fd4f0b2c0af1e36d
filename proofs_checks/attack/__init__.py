"""Attacks on the program's own claims: machine-made falsehoods for the kernels, near misses for the judges."""
