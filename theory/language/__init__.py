"""The statement language: terms, notation, definitions, statements. Trusted; standard library only."""
