"""One profile for Hypothesis: reproducible, no database, no deadline (a loaded machine is no failure)."""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=False)
settings.load_profile("ci")
