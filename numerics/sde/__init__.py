"""Stochastic differential equations and how they are moved: problems, clocks, grids, noise, schemes, each apart."""
