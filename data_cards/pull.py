"""``mlt pull``: a published set, from the Hub or a folder, back as a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..toolkit import layout
from ..toolkit.errors import UsageError
from ..toolkit.files import disk_errors
from ..toolkit.hub_errors import Asked, hub_errors
from ..toolkit.hub_files import byte_bar
from ..toolkit.mixtures import FOLDER
from ..toolkit.progress import NullProgress, Progress, step_messages
from .bundle import open_bundle
from .published import MANIFEST
from .restore import restore

RUNS = Path("runs")
"""Where a pulled run goes unless told otherwise, under the name of the set."""

_FOLDERS = ("data", "rejected", "scores", "done", FOLDER)
_OURS = (MANIFEST, layout.MANIFEST, layout.EDITS, *(f"{name}/*" for name in _FOLDERS))


@dataclass(frozen=True)
class PullResult:
    """Where the run (or the folder of mixtures) is, which commit of the Hub it is (None: a local folder), and its
    languages, English first.
    """

    path: Path
    revision: str | None
    languages: tuple[str, ...]


def pull(
    repository_or_folder: str,
    out: str | Path | None = None,
    *,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> PullResult:
    """Make a run of a data set that ``mlt push`` has published; see :func:`mlt.data_cards.restore.restore`.

    ``repository_or_folder``: ``owner/name`` on the Hub, or a local folder laid out like one, which goes first.
    ``out``: ``runs/NAME`` by default. ``revision``: a branch, tag or commit. ``cache_dir``: where the Hub's files are
    kept (its own cache by default); without a connection, what is there is used.

    Raises UsageError for a set that the Hub has not or that was not published by mlt, EnvironmentProblem where the Hub
    cannot be asked, DataError for damaged files.
    """
    progress = progress or NullProgress()
    folder, commit = Path(repository_or_folder), None
    if not folder.is_dir():
        folder = _fetch(repository_or_folder, revision, cache_dir, progress)
        commit = folder.name
    elif revision is not None:
        raise UsageError(f"--revision {revision} is for sets on the Hub, and {folder} is a folder: leave it out")
    if not (folder / MANIFEST).is_file():
        raise UsageError(_not_ours(repository_or_folder, hub=commit is not None))
    target = RUNS / Path(repository_or_folder).resolve().name if out is None else Path(out)
    path = restore(folder, target, progress=progress)
    with open_bundle(folder) as bundle:
        return PullResult(path, commit, bundle.languages)


def _fetch(repository: str, revision: str | None, cache_dir: str | Path | None, progress: Progress) -> Path:
    """The set's own files, in the Hub's cache; the folder is named after the commit.

    ``published.json`` comes first: of a set that has none, nothing else is fetched.
    """
    from huggingface_hub import snapshot_download

    asked = Asked(repository, "dataset", "name a folder that holds the set instead", revision=revision)
    report = step_messages(progress)
    what = f"fetching {repository}"
    with hub_errors(asked), disk_errors("the Hub's cache"):
        for patterns in ((MANIFEST,), _OURS):
            report(what, 0, None)
            folder = Path(
                snapshot_download(
                    repository,
                    repo_type="dataset",
                    revision=revision,
                    cache_dir=cache_dir,
                    allow_patterns=list(patterns),
                    tqdm_class=byte_bar(what, report),
                )
            )
            revision = folder.name
            if not (folder / MANIFEST).is_file():
                break
    progress.message("")
    return folder


def _not_ours(name: str, *, hub: bool) -> str:
    source = f"hf://{name}" if hub else name
    return f"{name} was not published by mlt (it holds no {MANIFEST}): read it as a source, mlt translate {source}"
