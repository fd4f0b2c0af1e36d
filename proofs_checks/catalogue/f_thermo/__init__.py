"""Chapter F: Reversal and thermodynamics."""

GROUP = "F"
TITLE = "Reversal and thermodynamics"
READING_ORDER = ("reversal", "complementarity")
