"""Which detector judges which language: the first in the user's list that knows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ...toolkit.errors import EnvironmentProblem, UsageError
from ...toolkit.languages import Language
from ...toolkit.progress import Progress, step_messages
from . import embedded
from .detector import Detector
from .embedded import Embedded
from .fasttext_model import FastText

OPTION = "--lid"
_FILE = "model.bin"
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")
_SUFFIXES = (".bin", ".ftz")


class Route:
    """``names``: ``embedded``, a fastText file's path, or a Hub id, in the order in which they are asked.

    A detector is opened when it is first needed. One on the Hub that cannot be fetched is passed over, with one
    note; what is missing on this machine is an error. Raises UsageError for a name that can be neither.
    """

    def __init__(self, names: Sequence[str], progress: Progress) -> None:
        self._names, self._progress = tuple(dict.fromkeys(names)), progress
        if not names:
            raise UsageError(f"no language detector: name at least one, such as {embedded.NAME}")
        for name in self._names:
            _kind(name)
        self._opened: dict[str, Detector | EnvironmentProblem] = {}
        self._chosen: dict[Language, Detector | str] = {}

    def choose(self, language: Language) -> Detector | str:
        """The detector for a language, or why there is none, in words.

        EnvironmentProblem where no detector of the list can be used at all.
        """
        if language not in self._chosen:
            self._chosen[language] = self._choose(language)
        return self._chosen[language]

    def _choose(self, language: Language) -> Detector | str:
        reasons, problems = [], []
        for name in self._names:
            detector = self._open(name)
            if isinstance(detector, EnvironmentProblem):
                problems.append(detector)
                reasons.append(f"{name} cannot be fetched")
            elif detector.knows(language):
                return detector
            else:
                reasons.append(f"{detector.name} cannot judge {language.name}")
        if len(problems) == len(self._names):
            raise problems[0]
        return "; ".join(reasons)

    def _open(self, name: str) -> Detector | EnvironmentProblem:
        if name not in self._opened:
            self._opened[name] = self._made(name)
        return self._opened[name]

    def _made(self, name: str) -> Detector | EnvironmentProblem:
        kind = _kind(name)
        if kind == "embedded":
            return Embedded()
        if kind == "file":
            return FastText(Path(name).expanduser(), Path(name).name)
        FastText.check_installed(name)
        try:
            return self._fetched(name)
        except EnvironmentProblem as problem:
            behind = self._names[self._names.index(name) + 1 :]
            if behind:
                self._progress.note(f"language ID: {problem}; {', then '.join(behind)} judges in its place")
            return problem

    def _fetched(self, name: str) -> Detector:
        from ...toolkit.hub_files import fetch_files

        found = fetch_files(
            name,
            [_FILE],
            option=OPTION,
            hint=f"use {OPTION} {embedded.NAME}, or {OPTION} with the path of a fastText .bin or .ftz file",
            progress=step_messages(self._progress),
        )
        return FastText(found.folder / _FILE, name, found.revision, found.license)


def _kind(name: str) -> str:
    """``embedded``, ``file`` or ``hub``. A path ends in .bin or .ftz."""
    if name == embedded.NAME:
        return "embedded"
    if name.endswith(_SUFFIXES):
        if not Path(name).expanduser().is_file():
            raise UsageError(f"{OPTION} {name}: no such file")
        return "file"
    if _HUB_ID.fullmatch(name):
        return "hub"
    raise UsageError(
        f"{OPTION} {name!r}: expected {embedded.NAME}, a Hub id (owner/name) or the path of a fastText .bin or .ftz "
        "file"
    )
