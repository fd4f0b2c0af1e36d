"""Claims, evidence, verdicts: the judges, the campaigns and the catalogue."""
