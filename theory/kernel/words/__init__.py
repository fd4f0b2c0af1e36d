"""The matrix-word kernel: Gaussian laws of every dimension, general linear drift. Trusted."""
