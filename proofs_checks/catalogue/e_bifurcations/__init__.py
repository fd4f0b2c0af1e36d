"""Chapter E: Dynamics, bifurcations, landscape."""

GROUP = "E"
TITLE = "Dynamics, bifurcations, landscape"
READING_ORDER = ("critical_noise",)
