"""Chapter B: Scores."""

GROUP = "B"
TITLE = "Scores"
READING_ORDER = ("identities", "hessian", "posterior", "components", "two_modes")
