"""Chapter D: Pathwise entropies."""

GROUP = "D"
TITLE = "Pathwise entropies"
READING_ORDER = (
    "posteriors", "covariance", "conditional_entropy", "decomposition", "any_drift", "variance_peaks", "folklore",
)  # fmt: skip
