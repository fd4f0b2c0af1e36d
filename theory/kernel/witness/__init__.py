"""Exact counterexamples: members of a setting at which two sides differ, in rationals and enclosures."""
