"""Errors a user can act on: one line that says what is wrong, with which value, and what to do.

The command line turns them into an exit code; anything else that escapes is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping


def one_line(error: BaseException, most: int = 200) -> str:
    """What an error says, on one line of at most so many characters; its type where it says nothing."""
    return " ".join(str(error).split())[:most] or type(error).__name__


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "known are") -> str:
    """The nearest of the ``known`` words as a question; where none is near, all of them."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"{otherwise} {', '.join(words)}"


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


class SetAside(MltError):
    """Some items of the work were given up after several tries; all others are done."""

    exit_code = 1

    @classmethod
    def of(cls, where: object, kind: str, entries: Mapping[str, str], shown: int = 3) -> SetAside:
        """``entries``: each item that was given up, with its last error. ``kind``: what they are, as in "shards"."""
        named = "; ".join(f"{name}: {error}" for name, error in list(entries.items())[:shown])
        more = f" and {len(entries) - shown} more" if len(entries) > shown else ""
        return cls(
            f"{len(entries)} {kind} of {where} are set aside ({named}{more}); all others are done: "
            "run the same command again to try these once more"
        )


class RowError(Exception):
    """One source row cannot become a record. It is set aside with this reason; the run goes on.

    ``reason`` is a short kebab-case code that is counted; ``detail`` says what was seen.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
