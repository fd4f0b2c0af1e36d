"""Chapter E: Dynamics, bifurcations, landscape."""

GROUP = "E"
TITLE = "Dynamics, bifurcations, landscape"
READING_ORDER = ("fixed_points", "critical_noise")
