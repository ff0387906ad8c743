"""``mlt push``: a run or mixtures as a data set of the Hub, a training as a model, or a folder laid out like one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..toolkit.errors import EnvironmentProblem, UsageError
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.remote_files import local_only
from ..toolkit.run import local_folder
from .card import Declared
from .changes import Changes, Place, find_changes
from .folder_place import FolderPlace
from .licenses import require_license
from .previous import Choice
from .publication import Publication, hub_kind, open_publication
from .published import README
from .remote import Remote, size


@dataclass(frozen=True)
class PushResult:
    """What was published, or would be.

    ``place``: the repository's name; ``url``: its page; ``commit``: the new commit, None where nothing changed or
    nothing was sent; ``pr_url``: the pull request's page. ``written`` and ``unchanged``: published path -> bytes;
    ``removed``: paths. ``notes``: what a reader should know.
    """

    place: str
    url: str
    commit: str | None
    pr_url: str | None
    written: Mapping[str, int]
    unchanged: Mapping[str, int]
    removed: tuple[str, ...]
    dry_run: bool = False
    notes: tuple[str, ...] = ()


def push(
    folder: str | Path,
    repository: str,
    *,
    license: str | None = None,
    checked: bool = False,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    dry_run: bool = False,
    prune: bool = False,
    card: Choice = "merge",
    progress: Progress | None = None,
) -> PushResult:
    """Publish a folder (see :func:`mlt.data_cards.bundle.open_bundle`; of a run also its URL) to a data set of the Hub,
    or a finished training (its folder, or its ``merged/``) to a model, in one commit.

    Only files whose content the Hub does not have are sent, with a card that is made anew and keeps what people wrote
    in it. ``license``: what it is published under, by default what the folder's own README.md declares; ``checked``
    confirms that a conflict of licences was looked into. ``revision``: a branch, made where it is missing.
    ``prune``: remove what the Hub holds of this set and the folder does not. ``card``: whose hand-written text stays.

    Raises UsageError where the licence is missing or in conflict, where the Hub holds another run or training, or more,
    EnvironmentProblem where the Hub cannot be reached, knows no token, or has changed meanwhile: then nothing is
    overwritten, and the same call again completes what was broken off.
    """
    path = local_folder(folder)
    kind = hub_kind(path)
    if repository.count("/") != 1:
        thing = "model" if kind == "model" else "data set"
        raise UsageError(f"{repository}: not a {thing} of the Hub, write owner/name")
    if create_pr and revision is not None:
        raise UsageError("--create-pr is against the main branch: leave --revision out")
    progress = progress or NullProgress()
    with open_publication(path) as publication:
        declared = _declared(publication, repository, license, checked)
        remote = Remote(repository, kind, revision)
        progress.message(f"asking the Hub for {repository}")
        notes = _look(remote, dry_run, private)
        changes = _changes(publication, remote, declared, card, prune, progress)
        commit = pr_url = None
        if changes and not dry_run:
            title = f"mlt: {publication.describe(changes, remote)}"
            if (text := changes.written.get(README)) is not None:
                remote.check_card(text)
            remote.prepare(private=private)
            made = remote.commit(
                changes.written,
                changes.removed,
                title=title,
                description=publication.signature,
                create_pr=create_pr,
                progress=progress,
            )
            commit, pr_url = made.oid, made.pr_url
        return PushResult(
            repository,
            remote.page,
            commit,
            pr_url,
            {name: size(content) for name, content in changes.written.items()},
            {name: remote.files[name].size for name in changes.unchanged},
            changes.removed,
            dry_run,
            tuple(notes),
        )


def publish_to_folder(
    folder: str | Path,
    out: str | Path,
    *,
    repository: str | None = None,
    license: str | None = None,
    checked: bool = False,
    card: Choice = "merge",
    progress: Progress | None = None,
) -> Path:
    """Write to ``out`` what :func:`push` would send, laid out as on the Hub; ``datasets`` can load it from there.

    Only files that changed are written, and those of an earlier version that are gone are removed; ``out`` is a
    published folder only once it is whole. Raises as :func:`push`, and UsageError for an ``out`` that holds something
    else.
    """
    local_only(out, "--to-folder")
    path, place = local_folder(folder), FolderPlace(Path(out))
    place.require_apart(path)
    progress = progress or NullProgress()
    with open_publication(path) as publication:
        declared = _declared(publication, repository, license, checked)
        changes = _changes(publication, place, declared, card, True, progress)
        place.apply(changes, progress)
    return place.path


def _declared(publication: Publication, repository: str | None, license: str | None, checked: bool) -> Declared:
    """What the card declares; UsageError where the licence is missing or its conflicts were not checked."""
    before = publication.declared()
    declared = Declared(repository or before.repository, license or before.license)
    require_license(publication.judge(declared.license), checked=checked)
    return declared


def _changes(
    publication: Publication, place: Place, declared: Declared, choice: Choice, prune: bool, progress: Progress
) -> Changes:
    """What is to be written and removed; UsageError where it may not be."""
    publication.require_fits(place, prune=prune)
    card = publication.card(place, declared, choice, progress)
    progress.message(f"comparing with {place.name}")
    changes = find_changes(publication.files, card, place, publication.owns)
    progress.message("")
    return changes


def _look(remote: Remote, dry_run: bool, private: bool) -> list[str]:
    """Finds out what the Hub holds; for a dry run, what its reader should know. UsageError for a public repository
    that is asked to be private."""
    notes = []
    if dry_run and not remote.has_token:
        notes.append("there is no token: a private repository is not seen, and publishing needs `hf auth login`")
    try:
        remote.look()
    except EnvironmentProblem as error:
        if not dry_run:
            raise
        return [*notes, f"what the Hub holds already is not known: {error}"]
    if private and remote.exists and not remote.private:
        raise UsageError(f"{remote.name} is public: make it private on its settings page, or leave --private out")
    if not remote.exists:
        notes.append(f"{remote.name} is not there yet: it will be made, {'private' if private else 'public'}")
    elif not remote.branch_exists:
        notes.append(f"the branch {remote.branch} is not there yet: it will be made from main")
    return notes if dry_run else []
