"""Numbers with an error: balls, floats and simulated paths. No SymPy."""
