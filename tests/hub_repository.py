"""What a Hub on loopback holds: repositories with their commits, and files as the Hub lists them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import yaml

ATTRIBUTES = ".gitattributes"
_SUFFIXES_LFS = (".parquet", ".bin", ".safetensors")
_MOST_REGULAR = 10_000_000


class Refusal(Exception):
    """An answer that is no: status, the Hub's own code, what it says, and the body, if not only that."""

    def __init__(self, status: int, code: str | None, message: str, body: Any = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.body = status, code, message, body


class Blob(NamedTuple):
    """A file of a commit. ``lfs``: its content is kept apart, under its sha256."""

    data: bytes
    lfs: bool

    @property
    def oid(self) -> str:
        """Its hash: the sha256 of a large file, else the one that git gives it."""
        return hashlib.sha256(self.data).hexdigest() if self.lfs else git_hash(self.data)

    def info(self, path: str) -> dict[str, Any]:
        """As the Hub lists it."""
        entry = {"type": "file", "path": path, "size": len(self.data), "oid": self.oid}
        if not self.lfs:
            return entry
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.oid}\nsize {len(self.data)}\n".encode()
        large = {"oid": self.oid, "size": len(self.data), "pointerSize": len(pointer)}
        return {**entry, "oid": git_hash(pointer), "lfs": large}


class Commit(NamedTuple):
    """A snapshot. ``title`` and ``description`` are the parts of its message."""

    oid: str
    parent: str | None
    files: dict[str, Blob]
    title: str
    description: str

    def tree(self, folder: str, recursive: bool) -> list[dict[str, Any]]:
        """What a folder holds, as the Hub lists it; "" for all."""
        prefix = f"{folder}/" if folder else ""
        below = [path for path in self.files if path.startswith(prefix)]
        if folder and not below:
            raise Refusal(404, "EntryNotFound", f"{folder} does not exist")
        folders = {str(parent) for path in below for parent in PurePosixPath(path).parents} - {".", folder}
        entries = [{"type": "directory", "path": path, "oid": git_hash(path.encode()), "size": 0} for path in folders]
        entries += [self.files[path].info(path) for path in below]
        shown = [e for e in entries if e["path"].startswith(prefix)]
        shown = [e for e in shown if recursive or "/" not in e["path"].removeprefix(prefix)]
        return sorted(shown, key=lambda entry: entry["path"])

    def upload_mode(self, path: str, size: int) -> dict[str, Any]:
        """How a file is to be sent, and whether .gitignore keeps it out."""
        ignored = self.files.get(".gitignore", Blob(b"", False)).data.decode().split()
        lfs = path.endswith(_SUFFIXES_LFS) or size > _MOST_REGULAR
        answer = {"path": path, "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": path in ignored}
        return answer | ({"oid": self.files[path].oid} if path in self.files else {})


@dataclass
class Repository:
    """A repository: ``refs`` maps branches and ``refs/pr/N`` to commits; ``large``: its large storage, by sha256."""

    kind: str
    name: str
    private: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.commit("main", {ATTRIBUTES: Blob(b"*.parquet filter=lfs -text\n", False)}, "initial commit")

    def commit(self, ref: str, files: dict[str, Blob], title: str, description: str = "") -> Commit:
        """Makes ``files`` the content of a ref."""
        parent = self.refs.get(ref)
        oid = hashlib.sha1(f"{self.name} {ref} {parent} {len(self.commits)}".encode()).hexdigest()
        self.commits[oid] = Commit(oid, parent, files, title, description)
        self.refs[ref] = oid
        return self.commits[oid]

    def at(self, revision: str) -> Commit:
        """The commit that a branch, or a commit's hash, names; Refusal for none."""
        oid = self.refs.get(revision, revision)
        if oid not in self.commits:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return self.commits[oid]

    def described(self, commit: Commit) -> dict[str, Any]:
        """What the Hub says of itself at a commit."""
        card = commit.files.get("README.md")
        return {
            "id": self.name,
            "sha": commit.oid,
            "private": self.private,
            "gated": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "cardData": card_metadata(card.data.decode()) if card else None,
            "siblings": [{"rfilename": path} for path in commit.files],
        }

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """The content of all files."""
        return {path: blob.data for path, blob in self.at(revision).files.items()}


def card_metadata(card: str) -> Any:
    """The YAML at the head of a README.md."""
    parts = card.split("---\n", 2)
    return (
        yaml.load(parts[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if card.startswith("---\n") and len(parts) == 3
        else {}
    )


def git_hash(data: bytes) -> str:
    """The hash that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
