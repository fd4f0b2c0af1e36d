"""Chapter C: Entropies and rates."""

GROUP = "C"
TITLE = "Entropies and rates"
READING_ORDER = ("rates", "any_drift", "channel", "bandwidth", "classes", "peaks", "folklore")
