"""Chapter G: The score as a filter."""

GROUP = "G"
TITLE = "The score as a filter"
READING_ORDER = ("committor", "noise_suppression")
