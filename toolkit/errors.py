"""Errors a user can act on: one line that says what is wrong, with which value, and what to do.

The command line turns them into an exit code; anything else that escapes is a bug and keeps its traceback.
"""


class MltError(Exception):
    """Base of all errors raised on purpose. ``exit_code`` is what the command line leaves with."""

    exit_code = 3


class UsageError(MltError):
    """The request itself cannot be met: an unknown option value, language, model or column."""

    exit_code = 2


class DataError(MltError):
    """The data cannot be used: a missing file, a changed source, a damaged run."""


class EnvironmentProblem(MltError):
    """The machine cannot do it now: no Hub, no device, no disk, a package that is not installed."""


class RowError(Exception):
    """One source row cannot become a record. It is set aside with this reason; the run goes on.

    ``reason`` is a short kebab-case code that is counted; ``detail`` says what was seen.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
