"""All local extrema of a number or rate over a range of noise levels, certified."""

from numerics.peaks.peaks import Extremum, PeakError, Peaks, peaks

__all__ = ["Extremum", "PeakError", "Peaks", "peaks"]
