#!/usr/bin/env python3
"""The short form of make check-crash."""

import sys

from crash import crash
from tap import Tap

if __name__ == "__main__":
    TAP = Tap()
    crash(TAP, messages=400, kills=10, seed=7)
    sys.exit(TAP.finish())
