"""One repository on the Hub: what it holds, and commits to it. The token is the Hub client's own affair."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..toolkit.errors import EnvironmentProblem, MltError, UsageError
from ..toolkit.hub_errors import Asked, hub_errors
from ..toolkit.progress import NullProgress, Progress

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

RepoType = Literal["dataset", "model", "space"]
Content = Path | bytes

_MAIN = "main"
_BATCH_FILES, _BATCH_BYTES = 32, 256_000_000
"""How much is sent to the large storage at a time: what was sent stays there when a later part fails."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a commit: its size, and its sha256, or the hash that git gives it where it is no large file."""

    size: int
    sha256: str | None
    git_oid: str

    def is_same(self, content: Content) -> bool:
        """Whether it is this file, byte for byte."""
        if size(content) != self.size:
            return False
        if self.sha256 is not None:
            return _sha256(content) == self.sha256
        data = content if isinstance(content, bytes) else content.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == self.git_oid


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that was made: its hash, and the page of its pull request, if it is one."""

    oid: str
    pr_url: str | None


@dataclass
class Remote:
    """A repository at a branch. ``exists``, ``branch_exists``, ``head``, ``files`` and ``private`` are what
    :meth:`look` found; a branch that does not exist begins as the main one."""

    name: str
    kind: RepoType = "dataset"
    revision: str | None = None
    exists: bool = False
    branch_exists: bool = False
    private: bool = False
    head: str | None = None
    files: Mapping[str, RemoteFile] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        """The branch that is read and written."""
        return self.revision or _MAIN

    @property
    def names(self) -> Iterable[str]:
        """All files that it holds."""
        return self.files.keys()

    @property
    def page(self) -> str:
        """Where a person sees it."""
        return self._asked.page

    @property
    def has_token(self) -> bool:
        """Whether the Hub's client finds a token in one of its usual places."""
        from huggingface_hub import get_token

        return get_token() is not None

    def look(self) -> None:
        """Asks the Hub what the branch holds now.

        Raises UsageError for a name that is none, EnvironmentProblem where the Hub cannot be reached or does not know
        the token. A repository that is not there is no error: ``exists`` is False (also for a private one that the
        token may not see).
        """
        from huggingface_hub.errors import RepositoryNotFoundError

        with self._errors():
            try:
                info, self.branch_exists = self._info()
            except RepositoryNotFoundError:
                self.exists = False
                return
            self.exists, self.head, self.private = True, info.sha, bool(info.private)
            tree = self._api.list_repo_tree(self.name, recursive=True, revision=info.sha, repo_type=self.kind)
            self.files = {entry.path: _remote_file(entry) for entry in tree if hasattr(entry, "blob_id")}

    def read(self, path: str) -> bytes | None:
        """A file's content at ``head``; None where there is no such file. For small files."""
        from huggingface_hub import hf_hub_download

        if path not in self.files:
            return None
        with self._errors(), _quiet():
            return Path(hf_hub_download(self.name, path, repo_type=self.kind, revision=self.head)).read_bytes()

    def is_same(self, name: str, content: Content) -> bool:
        """Whether it holds this file, byte for byte."""
        return self.files[name].is_same(content)

    def check_card(self, text: Content) -> None:
        """UsageError where the Hub would not take a README.md with this YAML. Nothing is sent but the text."""
        from huggingface_hub import RepoCard

        card = text.decode() if isinstance(text, bytes) else text.read_text(encoding="utf-8")
        with self._errors():
            RepoCard(card, ignore_metadata_errors=True).validate(repo_type=self.kind)

    def prepare(self, *, private: bool) -> None:
        """Makes the repository and the branch, where they are missing, and looks again."""
        if not self.has_token:
            raise EnvironmentProblem("publishing needs a token: log in with `hf auth login`, or set HF_TOKEN")
        if self.exists and self.branch_exists:
            return
        with self._errors():
            if not self.exists:
                self._api.create_repo(self.name, repo_type=self.kind, private=private)
                self.look()
            if not self.branch_exists:
                self._api.create_branch(self.name, branch=self.branch, revision=self.head, repo_type=self.kind)
        self.look()

    def commit(
        self,
        additions: Mapping[str, Content],
        removals: Sequence[str],
        *,
        title: str,
        description: str,
        create_pr: bool = False,
        progress: Progress | None = None,
    ) -> Commit:
        """Makes one commit on top of ``head``; large files are sent before, those that the Hub has already are not.

        Raises EnvironmentProblem where the branch has moved since :meth:`look` (nothing is overwritten) or the
        connection breaks (what was sent is not sent again next time).
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        with self._errors(), _quiet():
            adds = [
                CommitOperationAdd(path, content if isinstance(content, bytes) else str(content))
                for path, content in additions.items()
            ]
            self._send(adds, create_pr, progress or NullProgress())
            made = self._api.create_commit(
                self.name,
                [*adds, *(CommitOperationDelete(path, is_folder=False) for path in removals)],
                commit_message=title,
                commit_description=description,
                repo_type=self.kind,
                revision=self.revision,
                create_pr=create_pr,
                parent_commit=self.head,
            )
        return Commit(made.oid, made.pr_url)

    def _send(self, adds: Sequence[CommitOperationAdd], create_pr: bool, progress: Progress) -> None:
        """Sends the content of large files, a batch at a time; ``progress`` counts bytes."""
        what = f"uploading to {self.name}"
        progress.start(what, sum(add.upload_info.size for add in adds))
        for batch in _batches(adds):
            self._api.preupload_lfs_files(
                self.name,
                batch,
                repo_type=self.kind,
                revision=self.revision,
                create_pr=create_pr,
                free_memory=False,
            )
            # The client leaves out, without a word, what the repository's .gitignore names.
            if ignored := next((add.path_in_repo for add in batch if add._should_ignore), None):
                raise UsageError(f"the .gitignore of {self.name} names {ignored}, so the Hub leaves it out: change it")
            progress.advance(what, sum(add.upload_info.size for add in batch))
        progress.finish(what)

    def _info(self) -> tuple[Any, bool]:
        """What the Hub says of the branch (of the main one, where it is missing), and whether the branch is there."""
        from huggingface_hub.errors import RevisionNotFoundError

        def ask(revision: str) -> Any:
            return self._api.repo_info(self.name, repo_type=self.kind, revision=revision, timeout=20)

        try:
            return ask(self.branch), True
        except RevisionNotFoundError:
            if self.branch.startswith("refs/") or self.branch == _MAIN:
                raise
            return ask(_MAIN), False

    @property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi()

    @property
    def _asked(self) -> Asked:
        instead = "run again once it can: what was sent is not sent again; or use --to-folder"
        return Asked(self.name, self.kind, instead, revision=self.revision, verb="published")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with hub_errors(self._asked):
            try:
                yield
            except MltError:
                raise
            except RuntimeError as error:  # how the client wraps what broke an upload
                if isinstance(error.__cause__, Exception):
                    raise error.__cause__ from error
                raise
            except ValueError as error:  # what the client, or the large storage, refuses
                if type(error) is not ValueError:
                    raise
                raise UsageError(f"the Hub refuses this for {self.name}: {' '.join(str(error).split())}") from error


def _batches(adds: Sequence[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    batch: list[CommitOperationAdd] = []
    for add in adds:
        if len(batch) == _BATCH_FILES or (batch and sum(a.upload_info.size for a in batch) > _BATCH_BYTES):
            yield batch
            batch = []
        batch.append(add)
    if batch:
        yield batch


@contextmanager
def _quiet() -> Iterator[None]:
    """The client draws no bars of its own."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    before = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not before:
            enable_progress_bars()


def _remote_file(entry: Any) -> RemoteFile:
    return RemoteFile(entry.size, entry.lfs.sha256 if entry.lfs else None, entry.blob_id)


def size(content: Content) -> int:
    """Its bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _sha256(content: Content) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
