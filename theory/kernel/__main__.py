"""``python -m theory.kernel CERT.json``: replay a certificate and print what it proves."""

from __future__ import annotations

import sys

from theory.kernel.replay import main

sys.exit(main(sys.argv[1:]))
