#!/usr/bin/env python3
"""The short form of make check-load."""

import sys

from load import check_connections, check_messages
from tap import Tap

if __name__ == "__main__":
    TAP = Tap()
    check_connections(TAP, idle=1000, busy=200)
    check_messages(TAP, messages=2000)
    sys.exit(TAP.finish())
