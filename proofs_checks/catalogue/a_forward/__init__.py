"""Chapter A: Forward process and marginals."""

GROUP = "A"
TITLE = "Forward process and marginals"
READING_ORDER = ("schedule", "fokker_planck", "any_drift")
