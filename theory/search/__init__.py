"""Untrusted search for certificates and witnesses. Nothing here decides: the kernels check what is found."""
