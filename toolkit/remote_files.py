"""A folder on a URL: any that fsspec knows, such as s3://, gs://, abfs://, hdfs://, sftp://, file:// or memory://.

An object is seen whole or not at all. Object stores write so; elsewhere it is written aside and moved. What fails for
a while (a lost connection, a busy server) is tried again by the packages under fsspec, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from secrets import token_hex
from typing import Any

from .errors import EnvironmentProblem, MltError, UsageError, one_line
from .files import disk_errors

# Not a letter alone, which is a drive of Windows. pathlib makes one slash of two.
_URL = re.compile(r"([a-z][a-z0-9+.-]+):(/{1,3})(?!/)", re.IGNORECASE)
_SECRET = re.compile(r"(?<=://)[^/@\s]*@|\?\S*")
_CONTAINER = re.compile(r"abfss?://[^/:@]+@")  # of Azure, not a user
_PACKAGES = {
    "s3fs": ("s3", "s3a"),
    "gcsfs": ("gs", "gcs"),
    "adlfs": ("abfs", "abfss", "az", "adl"),
    "ossfs": ("oss",),
    "ocifs": ("oci",),
    "paramiko": ("sftp", "ssh"),
    "smbprotocol": ("smb",),
}
_WRITES_WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "memory"}
_ELSEWHERE = {"http", "https", "hf"}  # read-only, or with a way of their own
_STAMPS = ("ETag", "etag", "generation", "md5Hash", "LastModified", "last_modified", "updated", "mtime", "created")
_AT_ONCE = 1000  # objects that are read together


def url_of(path: str | PathLike[str]) -> str | None:
    """The URL that a path is, without a slash at its end; None for a folder of this machine."""
    text = fspath(path)
    match = _URL.match(text)
    if match is None:
        return None
    protocol, slashes = match[1].lower(), match[2]
    if len(slashes) == 1:
        slashes = "///" if protocol == "file" else "//"
    return f"{protocol}:{slashes}{text[match.end() :].rstrip('/')}"


def place(path: str | PathLike[str]) -> Path | str:
    """A path as it is: a URL as text, a folder of this machine as a Path."""
    return url_of(path) or Path(path)


def shown(url: str) -> str:
    """A URL as messages name it: without user, password and query."""
    found = url_of(url)
    if found is None:
        return url  # a path of this machine may hold any sign
    return found.partition("?")[0] if _CONTAINER.match(found) else _SECRET.sub("", found)


def local_only(path: str | PathLike[str], option: str, instead: str = "copy it there afterwards") -> None:
    """UsageError where a path that has to be a folder of this machine is a URL; ``instead``: what can be done."""
    if url := url_of(path):
        raise UsageError(f"{option} {shown(url)}: expected a folder of this machine; {instead}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An object's size, and what changes when it is written again (empty: nothing that the store would tell)."""

    size: int
    stamp: tuple[str, ...]


class RemoteFolder:
    """The objects under a URL, by their names relative to it.

    Everything raises EnvironmentProblem, in one line without credentials, where the store does not do it.
    """

    def __init__(self, url: str) -> None:
        """Connects. UsageError for a kind of URL that fsspec does not know, EnvironmentProblem without its package."""
        self.shown = shown(url)
        protocol = url.partition(":")[0]
        if protocol in _ELSEWHERE:
            raise UsageError(f"{self.shown}: no run can stand there; use a folder, or a URL such as s3://BUCKET/NAME")
        self._url = url
        self._fs, self._root = _connect(url, protocol, self.shown)
        known = self._fs.protocol
        self._whole = not _WRITES_WHOLE.isdisjoint((known,) if isinstance(known, str) else known)

    @property
    def root(self) -> str:
        """Where it is in its store."""
        return self._root

    def list(self, prefix: str = "") -> dict[str, Entry]:
        """All objects under ``prefix``, a name with a slash at its end or nothing."""
        base = f"{self._root}/{prefix}".rstrip("/")
        with self._asked(f"list {self.shown}"):
            try:
                self._fs.invalidate_cache()
                found = self._fs.find(base, detail=True)
            except FileNotFoundError:
                return {}
        start = len(self._root) + 1
        entries = ((path[start:], info) for path, info in found.items() if path.startswith(f"{base}/"))
        return {name: _entry(info) for name, info in entries}

    def top(self) -> set[str]:
        """The names right under the URL, of objects and folders."""
        with self._asked(f"list {self.shown}"):
            try:
                self._fs.invalidate_cache()
                found = self._fs.ls(self._root, detail=False)
            except FileNotFoundError:
                return set()
        return {path.rstrip("/").rpartition("/")[2] for path in found} - {""}

    def read(self, name: str) -> bytes | None:
        """An object's content; None where there is none."""
        with self._asked(f"read {self.shown}/{name}"):
            try:
                content: bytes = self._fs.cat_file(self._path(name))
            except FileNotFoundError:
                return None
        return content

    def read_all(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The content of many objects, many at a time where the store can; those that are gone are left out."""
        for first in range(0, len(names), _AT_ONCE):
            paths = {self._path(name): name for name in names[first : first + _AT_ONCE]}
            with self._asked(f"read {self.shown}"):
                found = self._fs.cat(list(paths), on_error="return")
                for path, content in found.items():
                    if isinstance(content, bytes):
                        yield paths[path], content
                    elif not isinstance(content, FileNotFoundError | KeyError):
                        raise content

    def fetch(self, name: str, target: Path) -> bool:
        """Brings an object to a file of this machine, which is seen whole or not at all; False where there is none."""
        aside = target.with_name(f".{target.name}.{token_hex(6)}.tmp")
        with disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._asked(f"read {self.shown}/{name}"):
                try:
                    self._fs.get_file(self._path(name), str(aside))
                except FileNotFoundError:
                    return False
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
        return True

    def put(self, name: str, file: Path) -> None:
        """Writes a file of this machine as an object."""
        with self._written(name) as path:
            self._fs.put_file(str(file), path)

    def write(self, name: str, content: bytes) -> None:
        """Writes an object."""
        with self._written(name) as path:
            self._fs.pipe_file(path, content)

    def create(self, name: str, content: bytes) -> bytes:
        """Writes an object unless there is one; what stands there then.

        Exact where the store can refuse to overwrite (S3, GCS). Elsewhere two that write at the same instant may both
        believe that they were first until they read again.
        """
        if (there := self.read(name)) is not None:
            return there
        if self._whole:
            try:
                self._fs.pipe_file(self._path(name), content, mode="create")
            except Exception:  # somebody was first, or the store knows no such mode: what stands there will tell
                if self.read(name) is None:
                    self.write(name, content)
        else:
            self.write(name, content)
        there = self.read(name)
        return content if there is None else there

    def remove(self, names: Sequence[str]) -> None:
        """Removes objects one after the other, in this order; those that are gone are passed over."""
        for name in names:
            with self._asked(f"remove {self.shown}/{name}"):
                try:
                    self._fs.rm_file(self._path(name))
                except FileNotFoundError:
                    continue

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _written(self, name: str) -> Iterator[str]:
        path = self._path(name)
        with self._asked(f"write {self.shown}/{name}"):
            if self._whole:
                yield path
                return
            folder, _, last = path.rpartition("/")
            aside = f"{folder}/.{last}.{token_hex(6)}.tmp"
            self._fs.makedirs(folder, exist_ok=True)
            yield aside
            self._fs.mv(aside, path)

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        try:
            yield
        except MltError:
            raise
        except Exception as error:
            # Not "from error": what a store says may hold the credentials, and a traceback would show it.
            said = _without_secrets(error, self._url)
            raise EnvironmentProblem(
                f"cannot {what}: {type(error).__name__}: {said}; see that it can be reached with this machine's "
                "credentials, then run again"
            ) from None


def _connect(url: str, protocol: str, name: str) -> tuple[Any, str]:
    from fsspec import get_filesystem_class
    from fsspec.core import url_to_fs

    try:
        get_filesystem_class(protocol)
        fs, root = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
    except ImportError as error:
        package = next((package for package, kinds in _PACKAGES.items() if protocol in kinds), None)
        what = f"pip install {package}" if package else _without_secrets(error, url)
        raise EnvironmentProblem(f"{name}: the package for {protocol}:// is not installed: {what}") from None
    except Exception as error:
        said = _without_secrets(error, url)
        if said.startswith("Protocol not known"):
            raise UsageError(f"{name}: fsspec knows no {protocol}://; use s3://, gs://, abfs:// or the like") from None
        raise EnvironmentProblem(f"cannot connect to {name}: {type(error).__name__}: {said}") from None
    if not root.strip("/"):
        raise UsageError(f"{name}: name a folder in it, such as {protocol}://BUCKET/NAME")
    return fs, root.rstrip("/")


def _without_secrets(error: Exception, url: str) -> str:
    said = one_line(error, 2000)
    for secret in _SECRET.findall(url):
        for part in (secret, secret.strip("?@").rpartition(":")[2]):
            said = said.replace(part, "") if len(part) > 3 else said
    return _SECRET.sub("", said)[:200]


def _entry(info: dict[str, Any]) -> Entry:
    return Entry(int(info["size"] or 0), tuple(f"{key}={info[key]}" for key in _STAMPS if info.get(key) is not None))
