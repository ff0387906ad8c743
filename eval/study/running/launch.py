"""Starts the program of its arguments so that it dies with the process that asked for it.

Run as a script, ``python launch.py PARENT PROGRAM ARGUMENT...``: it asks the kernel for its own end at the end of its
parent (Linux; elsewhere it does not), then becomes the program. A function run between fork and exec would do the
same, but is not safe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Becomes the program; an exit code only where that cannot be."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # which ended before the kernel was asked
            return 1
    try:
        os.execvp(program[0], program)
    except OSError as error:
        print(f"error: {program[0]} cannot be run: {error.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
