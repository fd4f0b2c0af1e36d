"""Chapter D: Pathwise entropies."""

GROUP = "D"
TITLE = "Pathwise entropies"
READING_ORDER = ("posteriors", "conditional_entropy", "decomposition", "variance_peaks", "folklore")
