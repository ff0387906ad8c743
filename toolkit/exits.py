"""How a command ends: one line for an error on stderr, and an exit code.

0 done, 1 unexpected, 2 usage, 3 data or environment, 130 interrupted (Ctrl-C or SIGTERM).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from .errors import MltError

INTERRUPTED = 130
UNEXPECTED = 1


def run_app(app: typer.Typer, argv: Sequence[str]) -> int:
    """Run one command of ``app`` and give its exit code; ``--debug`` anywhere in ``argv`` shows tracebacks."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = app([arg for arg in argv if arg != "--debug"], prog_name="mlt", standalone_mode=False) or 0
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in argv:
            traceback.print_exc()
        return _explain(error)
    if code == INTERRUPTED:
        print("interrupted", file=sys.stderr)
    return code


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _explain(error: BaseException) -> int:
    """One line for an error, and its exit code."""
    if isinstance(error, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    if isinstance(error, MltError):
        return _fail(str(error), error.exit_code)
    if isinstance(error, typer.TyperException):
        context: Any = getattr(error, "ctx", None)
        hint = f"Try '{context.command_path} --help'." if context else ""
        return _fail(error.format_message(), error.exit_code, hint)
    if isinstance(error, BrokenPipeError):
        # The reader has left (`mlt languages | head`): what is still buffered must not be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNEXPECTED
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return _fail(f"{error.strerror}{where}", MltError.exit_code)
    return _fail(f"unexpected {type(error).__name__}: {error}; run again with --debug to see where", UNEXPECTED)


def _fail(message: str, code: int, hint: str = "") -> int:
    print("error:", " ".join(message.split()), file=sys.stderr)
    if hint:
        print(hint, file=sys.stderr)
    return code
