"""The component kernel: closed forms of a concrete law."""
