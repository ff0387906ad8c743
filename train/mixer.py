"""Mixtures out of one catalogue: the items read once, cleared of test rows, split, and taken for each mixture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError
from ..toolkit.files import write_atomic
from ..toolkit.mixtures import REMOVED, SPLITS
from ..toolkit.progress import Progress
from ..toolkit.prompts import PROMPTS_VERSION, has_steps_line
from ..toolkit.records import SCHEMA_VERSION, dump_json
from ..toolkit.signature import OUTPUT_VERSION, signature
from ..toolkit.sqlite import database_errors
from ..toolkit.tasks import TASKS
from .catalogue import Catalogue
from .decontaminate import Removal
from .inputs import Inputs, content_of, run_facts
from .request import Request
from .take import Shortage, take_train
from .token_budget import TokenBudget
from .validation import hold_out, left_out
from .wanted import wanted_records
from .write_rows import Counts, RowWriter, Written


@dataclass(frozen=True, slots=True)
class Plan:
    """A mixture to make: its name, languages, and the ladder that it is a part of (name and size) or None."""

    name: str
    languages: tuple[str, ...]
    ladder: Mapping[str, Any] | None = None


class Mixer:
    """Makes mixtures of ``languages`` or parts of them: one intersection and one validation split for all."""

    def __init__(self, inputs: Inputs, request: Request, languages: Sequence[str], progress: Progress) -> None:
        self.inputs = inputs
        self.request = request
        self.languages = tuple(languages)
        self.progress = progress
        read = inputs.read(languages)
        self._contents = [
            {"signature": run.manifest.get("signature"), "content": content_of(run, read)} for run in inputs.runs
        ]

    def identity(self, plan: Plan) -> dict[str, Any]:
        """All that decides a mixture."""
        sets = None if self.inputs.test_sets is None else self.inputs.test_sets.sets
        pool = None if plan.ladder is None else {"name": plan.ladder["name"], "languages": list(self.languages)}
        return {
            "stage": "mix",
            "runs": self._contents,
            "languages": list(plan.languages),
            **self.request.identity(),
            "decontaminate": sets and [{key: entry[key] for key in ("name", "dataset", "revision")} for entry in sets],
            "tokenizer": self.inputs.tokenizer(),
            "ladder": pool,
            "prompts": PROMPTS_VERSION,
            "output_version": OUTPUT_VERSION,
        }

    @contextmanager
    def catalogue(self, folder: Path) -> Iterator[Pool]:
        """Reads the runs' ids into a table in ``folder``, takes out test rows and sets validation apart."""
        path = folder / "items.sqlite"
        with database_errors(path):
            catalogue = Catalogue(path, self.request.seed)
            try:
                yield Pool(self, catalogue)
            finally:
                catalogue.close()
                path.unlink(missing_ok=True)


class Pool:
    """The items that mixtures are taken from."""

    def __init__(self, mixer: Mixer, catalogue: Catalogue) -> None:
        self._mixer = mixer
        self._request = mixer.request
        self._inputs = mixer.inputs
        self._progress = mixer.progress
        self._catalogue = catalogue
        self._read()
        self.removed, self._checked, self._unchecked = self._decontaminate()
        tasks = self._request.tasks or dict.fromkeys(catalogue.tasks(mixer.languages), 1.0)
        if not tasks:
            raise DataError("the runs hold no record of math or api in these languages: nothing can be mixed")
        self.tasks: Mapping[str, float] = tasks
        self._note_prompts()
        self.held_out_missing = hold_out(catalogue, self._request, mixer.languages, tasks)

    def take(self, plan: Plan) -> list[Shortage]:
        """Chooses a mixture's training rows; what is missing for them and for the validation split."""
        budget = TokenBudget(self._catalogue, self._inputs.runs, self._request, self._inputs.counter, self._progress)
        missing = take_train(self._catalogue, self._request, plan.languages, self.tasks, budget)
        return [entry for entry in self.held_out_missing if entry.lang in plan.languages] + missing

    def preview(self, plan: Plan) -> dict[str, Any]:
        """The manifest of what :meth:`take` chose, without what only writing it can tell."""
        written = Written()
        for split in SPLITS:
            for task, found in self._catalogue.chosen(split).items():
                written.rows[split][task] = {lang: found[lang] for lang in plan.languages if lang in found}
        return self._manifest(plan, written, tokens=False)

    def write(self, plan: Plan, out: Path) -> dict[str, Any]:
        """Writes what :meth:`take` chose into an empty folder; its manifest."""
        writer = RowWriter(self._catalogue, self._inputs.runs, self._request, self._inputs.counter, self._progress)
        written = writer.write(out, plan.languages)
        if self._inputs.test_sets is not None:
            lines = "".join(f"{dump_json(removal.to_json())}\n" for removal in self.removed)
            write_atomic(out / REMOVED, lines.encode("utf-8", "backslashreplace"))
        return self._manifest(plan, written, tokens=self._inputs.counter is not None)

    def _read(self) -> None:
        tasks = self._request.tasks or TASKS
        languages = self._inputs.read(self._mixer.languages)
        self._progress.message("reading ids")
        for number, run in enumerate(self._inputs.runs):
            for lang in languages:
                for index in run.shards(lang):
                    self._catalogue.add_shard(number, run, lang, index, tasks)
        self._catalogue.rank()
        self._catalogue.mark_parallel(self._mixer.languages)
        self._progress.message("")

    def _decontaminate(self) -> tuple[list[Removal], int, int]:
        """What stands in a test set, how many items were compared, and how many have no English to compare."""
        test_sets = self._inputs.test_sets
        if test_sets is None:
            return [], 0, 0
        total = self._catalogue.want_english(self._mixer.languages)
        self._progress.start("en", total)
        removed: list[Removal] = []
        for pairs in wanted_records(self._catalogue, self._inputs.runs):
            found = (test_sets.check(record) for _, record in pairs)
            removed += [removal for removal in found if removal is not None]
            self._progress.advance("en", len(pairs))
        self._progress.finish("en")
        self._catalogue.remove(removal.id for removal in removed)
        unchecked = self._catalogue.remove_without_english()
        if unchecked:
            self._progress.note(f"{unchecked:,} items are left out: their English is not there to be compared")
        return sorted(removed, key=lambda removal: removal.id), total, unchecked

    def _note_prompts(self) -> None:
        without = [lang for lang in self._mixer.languages if not has_steps_line(lang)]
        if without and "math" in self.tasks:
            self._progress.note(f'{", ".join(without)}: no line for "step by step" of their own, so the English one')

    def _manifest(self, plan: Plan, written: Written, *, tokens: bool) -> dict[str, Any]:
        identity, request = self._mixer.identity(plan), self._request
        read = self._inputs.read(self._mixer.languages)
        shares = {name: getattr(request, name) for name in ("weights", "temperature")}
        return {
            "schema_version": SCHEMA_VERSION,
            "name": plan.name,
            # A run's content decides, and its own signature stands in ``runs``.
            "signature": signature({**identity, "runs": [entry["content"] for entry in identity["runs"]]}),
            "identity": identity,
            "format": request.format,
            "languages": list(plan.languages),
            "tasks": list(self.tasks),
            "counts": _sorted(written.rows),
            "tokens": _sorted(written.tokens) if tokens else None,
            "bytes": _sorted(written.bytes),
            "tokenizer": self._inputs.tokenizer(),
            "budget": {**request.budget.to_json(), **{name: value for name, value in shares.items() if value}},
            "mode": request.mode,
            "seed": request.seed,
            "left_out": left_out(self._catalogue, request, plan.languages),
            "runs": [run_facts(run, read) for run in self._inputs.runs],
            "decontamination": self._decontamination(),
            "ladder": plan.ladder,
            "files": written.files,
        }

    def _decontamination(self) -> dict[str, Any] | None:
        if self._inputs.test_sets is None:
            return None
        removed: dict[str, dict[str, int]] = {}
        for removal in self.removed:
            rules = removed.setdefault(removal.test_set, {})
            rules[removal.rule] = rules.get(removal.rule, 0) + 1
        counts = {name: dict(sorted(rules.items())) for name, rules in sorted(removed.items())}
        return {
            "sets": self._inputs.test_sets.sets,
            "checked": self._checked,
            "without_english": self._unchecked,
            "removed": counts,
        }


def _sorted(counts: Counts) -> Counts:
    """In an order that does not depend on which row came first."""

    def english_first(item: tuple[str, int]) -> tuple[bool, str]:
        return item[0] != "en", item[0]

    return {
        split: {task: dict(sorted(found.items(), key=english_first)) for task, found in sorted(tasks.items())}
        for split, tasks in counts.items()
    }
