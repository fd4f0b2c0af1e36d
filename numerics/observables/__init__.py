"""Observables on simulated paths as decided tests: what is read, what it must be by another route, the record."""
