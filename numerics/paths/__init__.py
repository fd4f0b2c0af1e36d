"""The paths judge's numerics: one reading per path form, and the door ``confront_many``."""

from numerics.paths.confrontation import PathOutcome, confront, confront_many

__all__ = ["PathOutcome", "confront", "confront_many"]
