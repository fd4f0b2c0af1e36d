"""The exact room: statement language, kernel, search, laws, processes, closed forms. No arrays, no random numbers."""
