"""``mockserver serve`` as the companion of another process, which holds the other end of its standard input.

When that process ends, in whatever way, the pipe closes and the server ends with it: no test run leaves one behind.
"""

import os
import sys
from threading import Thread

from mockserver import cli

_STDIN = 0


def main() -> int:
    """Serve with the flags of the command line until standard input closes; the exit code."""
    Thread(target=_end_with_stdin, daemon=True).start()
    return cli.main(["serve", *sys.argv[1:]])


def _end_with_stdin() -> None:
    while os.read(_STDIN, 1_024):
        pass
    # Everything is in memory: there is nothing to put in order, and nobody to wait for.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
