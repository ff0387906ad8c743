"""A run on a URL: the part of it that a machine needs lies in a folder of its cache, and what is made there goes out.

Manifest, markers, facts and edits are brought when the run is opened, a shard's rows when they are read. A finished
shard goes out as whole objects, its marker last. What the URL holds is the truth: a shard that is here and not there
is made again. Rows of other languages than English are not kept here once they are out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from typing import Any

from . import layout, locks
from .cache_folder import cache_root
from .errors import DataError, UsageError
from .files import disk_errors, file_hash, is_leftover, read_json, write_atomic
from .remote_files import Entry, RemoteFolder
from .remote_lease import Lease, is_live, read_lease
from .run_home import RunHome

MIRRORS = "mirrors"
_LEASE = ".lease"
_LANG = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_ALONE = (layout.MANIFEST, layout.EDITS)
_KEPT = re.compile(rf"{'|'.join(map(re.escape, _ALONE))}|facts/{_LANG}\.json|done/{_LANG}/part-\d+\.json")
_ROWS = re.compile(rf"(?:rejected/|scores/)?(?P<lang>{_LANG})/part-(?P<index>\d+)\.parquet")


class RunMirror(RunHome):
    """A run on a URL, and the folder of this machine that mirrors it. Everything may raise EnvironmentProblem."""

    def __init__(self, url: str, cache_dir: Path | None, use: str) -> None:
        self._url, self._remote = url, RemoteFolder(url)
        place = f"{self._remote.shown}\0{self._remote.root}"
        name = f"{self._remote.root.rpartition('/')[2]}-{blake2b(place.encode(), digest_size=8).hexdigest()}"
        super().__init__((cache_dir or cache_root()) / MIRRORS / name / use)
        self._there: dict[str, Entry] = {}  # all objects, as far as known
        self._read: dict[str, Entry] = {}  # the kept files, as they were when they were read
        self._sound: set[str] = set()  # rows that this process has made, fetched or compared with their marker
        self._leases: list[Lease] = []

    @property
    def shown(self) -> str:
        """The URL without credentials."""
        return self._remote.shown

    def open(self, langs: Sequence[str] | None = None) -> None:
        """Brings manifest, edits, facts and markers; with ``langs`` only theirs, for there may be a great many."""
        if langs is None:
            self._there = self._bring("")
            return
        for name in _ALONE:
            (self.path / name).unlink(missing_ok=True)
        for name, content in self._remote.read_all(_ALONE):
            self._place(name, content)
        for lang in langs:
            self.refresh(lang)

    @contextmanager
    def locked(self, *, wait: bool = False, beside: bool = False, take_over: bool = False) -> Iterator[None]:
        """Holds the folder here, and a lease there (:class:`Lease`)."""
        self._require_run()
        with disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            held.enter_context(locks.locked(self.path, wait=wait, shown=self.shown))
            lease = Lease(self._url, _LEASE, self.path)
            held.enter_context(lease.held(f"{self.shown} is being written", take_over=take_over, wait=wait))
            held.enter_context(self._under(lease))
            if not beside:
                locks.refuse_busy(self.shown, self.busy_tasks())
            self.open()
            yield

    @contextmanager
    def task_lock(self, name: str) -> Iterator[None]:
        """Holds a lease for a task, once one that a dead machine has left has lapsed."""
        lease = Lease(self._url, f"{_LEASE}-{name}", self.path)
        busy = f"{self.shown} has a task {name} already, held"
        with locks.task_lock(self.path, name, self.shown), lease.held(busy, patient=True), self._under(lease):
            yield

    def busy_tasks(self) -> list[str]:
        """The names of the tasks that write it now, or whose lease has not lapsed."""
        names = [name for name in sorted(self._remote.top()) if name.startswith(f"{_LEASE}-")]
        return [name.removeprefix(f"{_LEASE}-") for name in names if is_live(read_lease(self._remote, name))]

    def refresh(self, lang: str) -> None:
        """Brings the markers of a language, and the facts."""
        self._bring(f"done/{lang}/")
        self._bring("facts/")

    def file(self, name: str) -> Path:
        """A file of the run, brought here unless it is. DataError where rows are not those that their marker names."""
        path = self.path / name
        if _ROWS.fullmatch(name) is None or name in self._sound:
            return path
        if name not in self._there:
            path.unlink(missing_ok=True)
            return path
        if not self._is_sound(name, fetched=False) and not (
            self._remote.fetch(name, path) and self._is_sound(name, fetched=True)
        ):
            raise DataError(f"{self.shown}/{name} is not as its marker says: it is being written, or was damaged")
        self._sound.add(name)
        return path

    def fetch_all(self) -> None:
        """Brings the rows and scores of all shards."""
        for name in list(self._there):
            if _ROWS.fullmatch(name) and not self._is_stray(name):
                self.file(name)

    def size(self, name: str) -> int | None:
        """How many bytes an object has, by what was last seen of it; None where there is none."""
        entry = self._there.get(name)
        return None if entry is None else entry.size

    def written(self, name: str) -> None:
        """Sends a file out."""
        self._check()
        path = self.path / name
        self._remote.put(name, path)
        self._there[name] = Entry(path.stat().st_size, ())

    def shard_written(self, marker: Mapping[str, Any]) -> None:
        """Sends a shard out, its marker last; rows in other languages than English are removed here."""
        name = layout.marker_file(marker["lang"], marker["index"])
        try:
            for rows in marker["files"]:
                self.written(rows)
                self._sound.add(rows)
            self.written(name)
        except BaseException:
            (self.path / name).unlink(missing_ok=True)  # it is not done before the URL says so
            raise
        if marker["lang"] != "en":
            self._forget(marker["files"])

    def removing(self, *names: str) -> None:
        """Removes objects."""
        self._check()
        self._remote.remove([name for name in names if name in self._there])
        for name in names:
            self._there.pop(name, None)
        self._sound -= set(names)

    def decide(self, name: str, obj: Any) -> None:
        """Writes an object unless there is one, and what stands there then into the file."""
        content = self._remote.create(name, f"{json.dumps(obj, ensure_ascii=False, indent=2)}\n".encode())
        write_atomic(self.path / name, content)
        self._there[name] = Entry(len(content), ())

    def clean(self) -> None:
        """Removes rows without a marker, and what was half written."""
        self.removing(*[name for name in self._there if self._is_stray(name)])

    def clear(self) -> None:
        """Removes the run, there and here, but for the manifest and the edits."""
        own = [name for name in self._there if _KEPT.fullmatch(name) or _ROWS.fullmatch(name)]
        self.removing(*sorted(set(own) - set(_ALONE), key=lambda name: not name.startswith("done/")))
        super().clear()

    def _bring(self, prefix: str) -> dict[str, Entry]:
        """Brings the kept files under a prefix that are new or have changed; all objects there."""
        found = self._remote.list(prefix)
        kept = [name for name in found if _KEPT.fullmatch(name)]
        for name, content in self._remote.read_all([name for name in kept if self._is_news(name, found[name])]):
            self._place(name, content)
            self._read[name] = found[name]
            if name.startswith("done/"):
                self._there |= _rows_of(content)
        gone = {name for name in (*self._read, *self._here(prefix)) if name.startswith(prefix)} - set(kept)
        for name in gone:
            self._read.pop(name, None)
            self._there.pop(name, None)
            (self.path / name).unlink(missing_ok=True)
        self._there |= found
        return found

    def _is_news(self, name: str, entry: Entry) -> bool:
        return not entry.stamp or self._read.get(name) != entry or not (self.path / name).is_file()

    def _here(self, prefix: str) -> Iterator[str]:
        """The kept files that lie here."""
        for path in (self.path / prefix).rglob("*.json*"):
            name = path.relative_to(self.path).as_posix()
            if _KEPT.fullmatch(name):
                yield name

    def _place(self, name: str, content: bytes) -> None:
        """As :func:`write_atomic`, but not synced: it is brought again after a power cut."""
        path = self.path / name
        aside = path.with_name(f".{path.name}.{token_hex(6)}.tmp")
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(content)
            aside.replace(path)

    def _is_sound(self, name: str, *, fetched: bool) -> bool:
        """Whether rows here are those of the marker; of scores, which it does not name, whether they are new here."""
        path, match = self.path / name, _ROWS.fullmatch(name)
        assert match is not None
        if not path.is_file():
            return False
        marker = self.path / layout.marker_file(match["lang"], int(match["index"]))
        entry = read_json(marker)["files"].get(name) if marker.is_file() else None
        return fetched if entry is None else file_hash(path) == entry["blake2b"]

    def _is_stray(self, name: str) -> bool:
        match = _ROWS.fullmatch(name)
        if match is None:
            return is_leftover(name.rpartition("/")[2])
        return layout.marker_file(match["lang"], int(match["index"])) not in self._there

    def _forget(self, names: Sequence[str] | Mapping[str, Any]) -> None:
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        self._sound -= set(names)

    def _require_run(self) -> None:
        top = self._remote.top()
        foreign = next((name for name in sorted(top) if not (name.startswith(_LEASE) or is_leftover(name))), None)
        if foreign is not None and layout.MANIFEST not in top:
            raise UsageError(
                f"{self.shown} is no run (it holds {foreign} and no {layout.MANIFEST}): choose an empty or new --out"
            )

    @contextmanager
    def _under(self, lease: Lease) -> Iterator[None]:
        self._leases.append(lease)
        try:
            yield
        finally:
            self._leases.remove(lease)

    def _check(self) -> None:
        for lease in self._leases:
            lease.check()


def _rows_of(marker: bytes) -> dict[str, Entry]:
    """The files that a marker names, which were there before it."""
    try:
        return {name: Entry(int(entry["bytes"]), ()) for name, entry in json.loads(marker)["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):  # a damaged one is none
        return {}
