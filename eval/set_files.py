"""Which file of a test set holds which language: told by the file's name, in a folder or in a data set of the Hub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from ..toolkit.errors import UsageError
from ..toolkit.hub_errors import Asked, hub_errors
from ..toolkit.languages import resolve
from ..toolkit.readers import data_suffix

_CODE = re.compile(r"[a-z]{2,3}([-_][A-Z][a-z]{3})?")
_NAME = re.compile(r"[A-Z][a-z]{3,}")
_TRAINING = ("train", "exemplar")
_TEST = "test"


@dataclass(frozen=True)
class SetFiles:
    """Files by language: the questions, and where they are there, worked examples."""

    tests: Mapping[str, str] = field(default_factory=dict)
    exemplars: Mapping[str, str] = field(default_factory=dict)


def language_of(name: str) -> str | None:
    """The language that a file's name gives away, as our code: ``mgsm_sw.tsv``, ``sw.test.jsonl``,
    ``test_Swahili.json``, ``sw/test-00000.parquet``; None where it gives none away."""
    path = PurePosixPath(name)
    stem = path.name.removesuffix(".gz").removesuffix(data_suffix(Path(path.name)) or "")
    head = stem.partition(".")[0]
    candidates = [head, head.rpartition("_")[2], head.partition("_")[0], path.parent.name]
    for text in candidates:
        if _CODE.fullmatch(text) or _NAME.fullmatch(text):
            try:
                return resolve(text).language.code
            except UsageError:
                continue
    return None


def sort_files(names: Iterable[str]) -> SetFiles:
    """The files of a listing by language. UsageError where a language has two files of questions."""
    tests: dict[str, str] = {}
    exemplars: dict[str, str] = {}
    named = [(name, lang) for name in sorted(names) if data_suffix(Path(name)) and (lang := language_of(name))]
    # Where some files say that they are the test split, files that say nothing are something else.
    says_test = any(_TEST in name.lower() for name, _ in named)
    for name, lang in named:
        if any(word in PurePosixPath(name).name.lower() for word in _TRAINING):
            exemplars[lang] = name
        elif not says_test or _TEST in name.lower():
            if lang in tests:
                raise UsageError(f"two files of {lang}: {tests[lang]} and {name}; name one of them, or another folder")
            tests[lang] = name
    return SetFiles(tests, exemplars)


def list_folder(folder: Path) -> SetFiles:
    """The files of a local folder by language, as names in it; none where no name gives a language away."""
    return sort_files(
        path.relative_to(folder).as_posix()
        for path in [*folder.glob("*"), *folder.glob("*/*")]
        if path.is_file() and not path.name.startswith((".", "_"))
    )


class FileStore(Protocol):
    """Where the files of a set lie. ``revision`` is the Hub's commit, empty for local files."""

    @property
    def revision(self) -> str: ...

    @property
    def names(self) -> frozenset[str]: ...

    def fetch(self, file: str) -> Path:
        """One of them, as a local file."""
        ...


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    folder: Path
    revision: str = ""
    names: frozenset[str] = frozenset()

    def fetch(self, file: str) -> Path:
        """A file in it."""
        return self.folder / file


@dataclass(frozen=True)
class HubFolder:
    """A data set of the Hub at one commit."""

    name: str
    revision: str
    names: frozenset[str]
    cache_dir: Path | None = None

    def fetch(self, file: str) -> Path:
        """A file of it, from the Hub's cache where it is there."""
        from huggingface_hub import hf_hub_download

        with hub_errors(_asked(self.name)):
            return Path(
                hf_hub_download(self.name, file, repo_type="dataset", revision=self.revision, cache_dir=self.cache_dir)
            )


def open_hub_folder(name: str, cache_dir: Path | None = None) -> HubFolder:
    """A data set of the Hub as it is now. Raises UsageError for one that is not there, EnvironmentProblem without the
    Hub."""
    from huggingface_hub import HfApi

    with hub_errors(_asked(name)):
        info = HfApi().dataset_info(name, timeout=20)
    return HubFolder(name, str(info.sha), frozenset(file.rfilename for file in info.siblings or ()), cache_dir)


def is_language(text: str, code: str) -> bool:
    """Whether a name or code of a language means the one of our ``code``."""
    try:
        return resolve(text).language.code == code
    except UsageError:
        return False


def _asked(name: str) -> Asked:
    return Asked(name, "dataset", "name local files instead, as in --data mgsm=FOLDER", option="--data")
