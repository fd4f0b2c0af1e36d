"""Write the 1797 handwritten digits that scikit-learn ships as an array file: ``python scripts/write_digits.py``.

8 x 8 images with entries 0..16 (E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998, CC BY 4.0), divided by 16 unless ``--raw`` is given. Needs the extra ``data``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np


def main() -> int:
    """Write the file; 2 if scikit-learn is missing or the file cannot be written."""
    parser = argparse.ArgumentParser(description="Write the handwritten digits of scikit-learn as a .npy file.")
    parser.add_argument("-o", "--output", type=Path, help="digits.npy, or digits_raw.npy with --raw")
    parser.add_argument("--raw", action="store_true", help="entries 0..16, not divided by 16")
    options = parser.parse_args()
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        print("the digits come with scikit-learn, which is not installed: pip install 'infodyn[data]'", file=sys.stderr)
        return 2
    points = np.asarray(load_digits().data, dtype=np.float64) / (1 if options.raw else 16)
    path = options.output or Path("digits_raw.npy" if options.raw else "digits.npy")
    try:
        with path.open("wb") as file:
            np.save(file, points)
    except OSError as error:
        print(f"cannot write {path}: {error.strerror}; give another file with --output", file=sys.stderr)
        return 2
    print(f"{path}: {points.shape[0]} x {points.shape[1]}, entries {points.min():g} to {points.max():g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
