"""All local extrema of a number or rate over a range of noise levels, certified."""
