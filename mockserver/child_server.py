"""``mockserver serve`` as a child process that ends with its parent.

The parent holds the other end of standard input. When it ends, in whatever way, the pipe closes and
the server exits: no test run leaves a server behind.
"""

import os
import sys
from threading import Thread

from mockserver import cli

_STDIN = 0


def main() -> int:
    """Serve with the command line's flags until standard input closes; return the exit code."""
    Thread(target=_exit_with_stdin, daemon=True).start()
    return cli.main(["serve", *sys.argv[1:]])


def _exit_with_stdin() -> None:
    while os.read(_STDIN, 1_024):
        pass
    # All state is in memory: nothing has to be written or closed.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
