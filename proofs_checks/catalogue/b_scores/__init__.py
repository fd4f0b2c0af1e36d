"""Chapter B: Scores."""

GROUP = "B"
TITLE = "Scores"
READING_ORDER = ("hessian", "posterior")
