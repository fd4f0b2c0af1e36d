"""Terms, statements, laws and settings as one-line text and as LaTeX, in the authored order."""
