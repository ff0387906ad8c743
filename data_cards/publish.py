"""``mlt push``: a run or mixtures as a data set of the Hub, or as a folder laid out like one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..toolkit.errors import EnvironmentProblem, UsageError
from ..toolkit.files import read_json
from ..toolkit.progress import NullProgress, Progress
from .bundle import Bundle, open_bundle
from .card import Declared, declared_in, make_card
from .changes import Changes, Place, describe, find_changes, lost, require_same_set
from .evidence import read_evidence
from .folder_place import FolderPlace
from .licenses import require_license
from .previous import Choice, card_text, choose_previous
from .published import MANIFEST, README
from .remote import Remote, size
from .terms import judge_bundle


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
    """Publish a folder (see :func:`mlt.data_cards.bundle.open_bundle`) to a data set of the Hub, in one commit.

    Only files whose content the Hub does not have are sent, with a card that is made anew and keeps what people wrote
    in it. ``license``: what it is published under, by default what the folder's own README.md declares; ``checked``
    confirms that a conflict of licences was looked into. ``revision``: a branch, made where it is missing.
    ``prune``: remove what the Hub holds of this set and the folder does not. ``card``: whose hand-written text stays.

    Raises UsageError where the licence is missing or in conflict, where the Hub's set is another run or holds more,
    EnvironmentProblem where the Hub cannot be reached, knows no token, or has changed meanwhile: then nothing is
    overwritten, and the same call again completes what was broken off.
    """
    if repository.count("/") != 1:
        raise UsageError(f"{repository}: not a data set of the Hub, write owner/name")
    if create_pr and revision is not None:
        raise UsageError("--create-pr is against the main branch: leave --revision out")
    progress = progress or NullProgress()
    path = Path(folder)
    with open_bundle(path) as bundle:
        declared = _declared(bundle, path, repository, license, checked)
        remote = Remote(repository, revision=revision)
        progress.message(f"asking the Hub for {repository}")
        notes = _look(remote, dry_run, private)
        changes = _changes(bundle, path, remote, declared, card, prune, progress)
        commit = pr_url = None
        if changes and not dry_run:
            title = f"mlt: {describe(bundle, changes, remote)}"
            if (text := changes.written.get(README)) is not None:
                remote.check_card(text)
            remote.prepare(private=private)
            made = remote.commit(
                changes.written,
                changes.removed,
                title=title,
                description=_signature(bundle),
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
    path, place = Path(folder), FolderPlace(Path(out))
    place.require_apart(path)
    progress = progress or NullProgress()
    with open_bundle(path) as bundle:
        declared = _declared(bundle, path, repository, license, checked)
        changes = _changes(bundle, path, place, declared, card, True, progress)
        place.apply(changes, progress)
    return place.path


def _declared(bundle: Bundle, folder: Path, repository: str | None, license: str | None, checked: bool) -> Declared:
    """What the card declares; UsageError where the licence is missing or its conflicts were not checked."""
    local = _local_card(folder)
    before = Declared() if local is None else declared_in(local)
    declared = Declared(repository or before.repository, license or before.license)
    require_license(judge_bundle(bundle, declared.license), checked=checked)
    return declared


def _changes(
    bundle: Bundle, folder: Path, place: Place, declared: Declared, choice: Choice, prune: bool, progress: Progress
) -> Changes:
    """What is to be written and removed; UsageError where it may not be."""
    require_same_set(bundle, place)
    if not prune and (more := lost(bundle, place)):
        raise UsageError(
            f"{place.name} also holds {', '.join(more)}: get it with `mlt pull` and extend that, or remove them with "
            "--prune"
        )
    card = _card(bundle, folder, place, declared, choice, progress)
    progress.message(f"comparing with {place.name}")
    changes = find_changes(bundle, card, place)
    progress.message("")
    return changes


def _card(bundle: Bundle, folder: Path, place: Place, declared: Declared, choice: Choice, progress: Progress) -> str:
    progress.message("counting for the card")
    evidence = read_evidence(bundle, progress)
    held = card_text(place.read(README), place.name)

    def fresh() -> str:
        return make_card(evidence, bundle, declared)

    previous = choose_previous(_local_card(folder), held, fresh, choice, place.name)
    return make_card(evidence, bundle, declared, previous)


def _local_card(folder: Path) -> str | None:
    path = folder / README
    return card_text(path.read_bytes() if path.is_file() else None, str(folder))


def _signature(bundle: Bundle) -> str:
    signature: str = read_json(bundle.files[MANIFEST])["signature"]
    return signature


def _look(remote: Remote, dry_run: bool, private: bool) -> list[str]:
    """Finds out what the Hub holds; for a dry run, what its reader should know. UsageError for a public repository
    that is asked to be private."""
    notes = []
    if dry_run and not remote.has_token:
        notes.append("there is no token: a private data set is not seen, and publishing needs `hf auth login`")
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
