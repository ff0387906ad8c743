"""Counting tokens with the tokenizer of the model that is to be trained."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError, UsageError
from ..toolkit.hub_files import fetch_files
from ..toolkit.local_sets import content_hash
from ..toolkit.progress import NullProgress, Progress, step_messages

FILE = "tokenizer.json"

_HUB_ID = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>[^@\s]+))?")


class TokenCounter:
    """A tokenizer that counts. ``name`` and ``revision`` say which one it is: a Hub id and its commit, or the name of
    a local folder or file and a hash of its content."""

    def __init__(self, tokenizer: Any, name: str, revision: str) -> None:
        # A tokenizer.json may keep what its author last cut or padded to: a row would then count as that many tokens.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.name = name
        self.revision = revision

    @classmethod
    def open(cls, spec: str | Path, *, revision: str | None = None, progress: Progress | None = None) -> TokenCounter:
        """The tokenizer of a local folder or ``tokenizer.json``, or of a Hub id (``owner/name[@revision]``).

        Raises UsageError for what is neither, DataError for a damaged file, EnvironmentProblem without the Hub.
        """
        path = Path(spec)
        if path.exists():
            file = path / FILE if path.is_dir() else path
            if not file.is_file():
                raise UsageError(f"--tokenizer {spec}: the folder holds no {FILE}; save the tokenizer as a fast one")
            folder = file.parent if file.name == FILE else file
            return cls(_read(file), folder.resolve().name, content_hash([file]))
        match = _HUB_ID.fullmatch(str(spec))
        if match is None:
            raise UsageError(f"--tokenizer {spec}: no such file or folder, and no Hub id (owner/name)")
        files = fetch_files(
            match["name"],
            [FILE],
            option="--tokenizer",
            hint=f"give the path of a {FILE} instead",
            revision=revision or match["revision"],
            progress=step_messages(progress or NullProgress()),
        )
        return cls(_read(files.folder / FILE), match["name"], files.revision)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as training sees it: without the marks that begin a text, with one that ends it."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) + 1 for encoding in encodings]


def _read(file: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing more precise
        raise DataError(f"--tokenizer {file.name} cannot be read: {' '.join(str(error).split())[:200]}") from None
