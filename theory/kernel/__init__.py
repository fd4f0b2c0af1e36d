"""The trusted kernels: they replay certificates and never search. Standard library and theory.language only."""
