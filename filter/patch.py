"""``mlt patch``: what a person has marked and edited on a review page, put into the run that the page was made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.edits import MARKED_BAD, Edit, edited_row, place_of, read_edits, slots_of, texts_hash
from ..toolkit.errors import MltError
from ..toolkit.languages import ENGLISH, resolve
from ..toolkit.progress import NullProgress, Progress, open_progress
from ..toolkit.records import Record, from_row
from ..toolkit.remote_files import local_only
from ..toolkit.tables import print_json, print_table
from .check import Check, Context
from .pairs import pair_of
from .policy import Policy, load_policy
from .registry import check_class

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.store import RunStore

_OWN = ("lang", "index", "out", "rejected", "files")  # what the store itself puts into a marker


@dataclass
class PatchResult:
    """What became of the edits, each as (id, lang) or (id, lang, why). ``unknown``: no such row is in the run."""

    applied: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)


def patch_run(run_path: str | Path, edits_path: str | Path, progress: Progress | None = None) -> PatchResult:
    """Apply the edits of a file to a run of ``mlt translate`` or ``mlt filter``, and keep them in it.

    An edited text, or a row that is brought back, must pass the vetoes of ``mlt filter``; an edit that does not is
    refused, the others are applied. Applied again, a file changes nothing. Killed in between, the same command ends it.

    Raises DataError for a file with a line that is no edit (nothing is applied then) and for what is no run,
    EnvironmentProblem where another process writes the run.
    """
    from ..toolkit.run import open_run
    from ..toolkit.store import RunStore

    local_only(run_path, "RUN", "copy the run here first")
    edits, progress = read_edits(Path(edits_path)), progress or NullProgress()
    identity = open_run(run_path).manifest["identity"]
    with RunStore.open(run_path, identity) as store:
        patch = _Patch(store, _policy(store.manifest))
        for lang in dict.fromkeys(edit.lang for edit in edits):
            progress.message(f"patching {lang}")
            patch.judge(lang, [edit for edit in edits if edit.lang == lang])
        patch.write()
        progress.message("")
        return patch.result


def run_patch(run: Path, edits: Path, *, as_json: bool = False) -> None:
    """The command: prints what was applied; MltError (exit code 3) where an edit was not."""
    with open_progress() as progress:
        result = patch_run(run, edits, progress)
        _refresh_report(run)
    if as_json:
        print_json(asdict(result))
    else:
        kinds = ("applied", "refused", "unknown")
        print_table(["edits", "number"], ((kind, len(getattr(result, kind))) for kind in kinds), right=["number"])
        rows = [*result.refused, *((*entry, "no such row in this run") for entry in result.unknown)]
        if rows:
            print()
            print_table(["id", "lang", "not applied because"], rows)
    if count := len(result.refused) + len(result.unknown):
        raise MltError(f"{count} of the edits in {edits} were not applied, the others were; mend them and patch again")


def _refresh_report(folder: Path) -> None:
    """A report shows the rows as they stand; one that was never made is not made now."""
    from ..toolkit.run import open_run
    from .report import REPORT, write_report

    if (folder / REPORT).is_file():
        run = open_run(folder)
        write_report(run, _policy(run.manifest))


@dataclass
class _Patch:
    """Edits on their way into a run."""

    store: RunStore
    policy: Policy
    result: PatchResult = field(default_factory=PatchResult)
    _new: list[Edit] = field(default_factory=list)
    _touched: dict[tuple[str, int], None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        hard = [rule for rule in self.policy.enabled if check_class(rule.name).hard]
        self._vetoes: dict[str, Check] = {rule.name: check_class(rule.name)(rule.settings, Context()) for rule in hard}

    def judge(self, lang: str, edits: Sequence[Edit]) -> None:
        """Decide on the edits of a language."""
        if lang == ENGLISH.code:
            self.result.refused += [(edit.id, lang, "English is the source, and is not edited here") for edit in edits]
            return
        held = {edit.id: edit for edit in self.store.edits(lang)}
        idle = [edit for edit in edits if edit.verdict is None and not edit.texts]
        self.result.refused += [(edit.id, lang, "it holds neither a verdict nor a text") for edit in idle]
        left = _folded(edit for edit in edits if edit.verdict is not None or edit.texts)
        for index in self.store.shards(lang) if lang in self.store.languages else ():
            rows = dict(_found(self.store, lang, index, {edit.id for edit in left}))
            if not rows:
                continue
            english = {r.id: r for r in self.store.iter_shard(ENGLISH.code, index) if r.id in rows}
            for edit in [edit for edit in left if edit.id in rows]:
                accepted = self._judge(edit, held.get(edit.id), rows[edit.id], english.get(edit.id))
                if isinstance(accepted, str):
                    self.result.refused.append((edit.id, lang, accepted))
                    continue
                self.result.applied.append((edit.id, lang))
                self._touched[lang, index] = None
                if accepted != held.get(edit.id):
                    self._new.append(accepted)
            left = [edit for edit in left if edit.id not in rows]
        self.result.unknown += [(edit.id, lang) for edit in left]

    def write(self) -> None:
        """Put the accepted edits into the run: first into its list, then into its rows."""
        if self._new:
            self.store.add_edits(self._new)
        for lang, index in self._touched:
            _rewrite(self.store, lang, index)
        if self._touched:
            _save_counts(self.store, {lang for lang, _ in self._touched})

    def _judge(self, edit: Edit, held: Edit | None, row: dict[str, Any], english: Record | None) -> Edit | str:
        """The edit as the run is to hold it, or why it is refused."""
        slots, aside = slots_of(row), row.get("reason")
        for slot, text in edit.texts.items():
            if slot not in slots:
                return f"there is no text {slot!r} in the row; it has {', '.join(slots)}"
            known = (text, edit.before.get(slot, slots[slot]), held and held.before.get(slot))
            if slots[slot] not in known:
                return f"{slot} reads otherwise now than when it was edited: make the review page anew"
        before = {slot: slots[slot] for slot, text in edit.texts.items() if slots[slot] != text}
        was = None if aside == MARKED_BAD else aside
        merged = replace(edit, before=before, judged=None, was=was).after(held)
        new = edited_row(row, merged)
        merged = replace(merged, judged=texts_hash(new))
        rescued = aside is not None and not place_of(new, merged, aside=True)
        if (edit.texts and edit.verdict != "bad") or rescued:
            if english is None:
                return "its English record is not in the run"
            if veto := self._veto(english, from_row(new)):
                return veto
        return merged

    def _veto(self, source: Record, target: Record) -> str | None:
        """Why a row may not be kept, or None."""
        language = resolve(target.lang).language
        pair = pair_of(source, target, language)
        for name, check in self._vetoes.items():
            if check.covers(language) is None:
                (score,) = check.score([pair], language)
                if score.value:
                    return f"{name}: {score.detail or 'it fails this check'}"
        return None


def _folded(edits: Iterable[Edit]) -> list[Edit]:
    """One edit a row, in order of first appearance."""
    rows: dict[str, Edit] = {}
    for edit in edits:
        rows[edit.id] = edit.after(rows.get(edit.id))
    return list(rows.values())


def _policy(manifest: Mapping[str, Any]) -> Policy:
    """The policy that a run was filtered under, else the shipped one."""
    return load_policy(manifest.get("filter", {}).get("policy"))


def _found(store: RunStore, lang: str, index: int, ids: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of these ids in a shard; those that stand aside (which have a ``reason``) first, to be overridden."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(ids), pa.string())
    for table in (store.rejected_table(lang, index), store.table(lang, index)):
        if table is not None and len(wanted):
            for row in table.filter(pc.is_in(table.column("id"), value_set=wanted)).to_pylist():
                yield row["id"], row


def _rewrite(store: RunStore, lang: str, index: int) -> None:
    marker = store.done(lang, index)
    assert marker is not None
    kept, rejected = store.table(lang, index), store.rejected_table(lang, index)
    new_kept, new_rejected = store.edited(lang, index, kept, rejected)
    if new_kept.equals(kept) and _same(new_rejected, rejected):
        return
    facts = {name: value for name, value in marker.items() if name not in _OWN}
    if "carried" in facts:
        from ..toolkit.shard_files import reasons

        facts |= _recounted(facts, reasons(rejected), reasons(new_rejected))
    store.replace_tables(lang, index, kept, rejected, facts)


def _recounted(facts: Mapping[str, Any], old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, Any]:
    """A filtered shard's ``dropped`` and ``carried`` after rows were moved: what a person sets aside is carried."""
    dropped, carried = dict(facts["dropped"]), dict(facts["carried"])
    for reason in old.keys() | new.keys():
        change = new.get(reason, 0) - old.get(reason, 0)
        back = min(dropped.get(reason, 0), max(0, -change))
        dropped[reason] = dropped.get(reason, 0) - back
        carried[reason] = carried.get(reason, 0) + change + back
    return {"dropped": _filled(dropped), "carried": _filled(carried)}


def _filled(counts: Mapping[str, int]) -> dict[str, int]:
    return {reason: number for reason, number in sorted(counts.items()) if number}


def _same(one: pa.Table | None, other: pa.Table | None) -> bool:
    return one is other or (one is not None and other is not None and one.equals(other))


def _save_counts(store: RunStore, langs: Iterable[str]) -> None:
    """Bring the manifest's counts of these languages up to their shards."""
    manifest = store.manifest
    languages, filtered = dict(manifest.get("languages", {})), dict(manifest.get("filter", {}))
    summaries = dict(filtered.get("languages", {}))
    for lang in langs:
        totals = store.totals(lang)
        languages[lang] = {**languages.get(lang, {}), **totals}
        if lang in summaries:
            counts = {name: totals.get(name, {}) for name in ("dropped", "carried")}
            given = totals["in"] - sum(counts["carried"].values())
            summaries[lang] = {**summaries[lang], "in": given, "kept": totals["out"], **counts}
    updates = {"filter": {**filtered, "languages": summaries}} if summaries else {}
    store.save_manifest(languages=languages, **updates)
