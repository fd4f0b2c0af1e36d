"""The index-and-bracket kernel: every dimension D, every number of components K, any prior."""
