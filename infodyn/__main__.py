"""``python -m infodyn``."""

from infodyn.cli import main

main()
