"""Chapter C: Entropies and rates."""

GROUP = "C"
TITLE = "Entropies and rates"
READING_ORDER = ("rates", "channel", "bandwidth", "classes", "peaks", "folklore")
