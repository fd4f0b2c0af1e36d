"""Chapter D: Pathwise entropies."""

GROUP = "D"
TITLE = "Pathwise entropies"
READING_ORDER = ("conditional_entropy", "variance_peaks")
