"""The answers of a study's finished runs, read from its folder into one table."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.errors import DataError
from ....toolkit.files import file_hash
from ...results import iter_samples
from ...samples import FOLDER as SAMPLES
from ...score import PRIMARY
from ..planning.folder import Kind
from ..running.states import read_done, read_state
from .long_table import BASE, OTHER_TIER, StudyTable, TableBuilder, exposure_of, log10_parameters, read_study

if TYPE_CHECKING:
    from ..planning.folder import StudyFolder


@dataclass(slots=True)
class _Answers:
    """The verdicts of one language, in the order of its samples."""

    items: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    correct: list[bool] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Job:
    """A run or a base: its entry of study.json, and what its done.json holds, where it is finished."""

    kind: Kind
    entry: Mapping[str, Any]
    answers: Path
    done: Mapping[str, Any] | None

    @property
    def results(self) -> Mapping[str, Any]:
        """Language -> items and right ones, as the run was finished."""
        found: Mapping[str, Any] = (self.done or {})["results"]
        return found


def gather(folder: StudyFolder) -> StudyTable:
    """The table of what is finished; see :func:`.long_table.build_table`, which writes it too."""
    study = read_study(folder.manifest)
    jobs = [
        *(_job(folder, "run", entry) for entry in study["runs"]),
        *(_job(folder, "base", entry) for entry in study["bases"]),
    ]
    finished = [job for job in jobs if job.done is not None]
    if not finished:
        raise DataError(f"{folder.path}: no run is finished yet; see mlt study status")
    builder = TableBuilder()
    asked = study["spec"].get("evaluate", {}).get("verdict") or {}
    for job in finished:
        verdict = {**PRIMARY, **asked}[job.entry["task"]]
        # A study may ask one task in more languages than another.
        asked_in = [lang for lang in study["evaluated"] if lang in job.results]
        for lang, answers in _answers(job, asked_in, verdict).items():
            file = job.answers / SAMPLES / f"{job.entry['task']}-{lang}.jsonl"
            builder.add(
                _cell(job, lang, study["tiers"].get(lang, OTHER_TIER)),
                answers.items,
                answers.groups,
                answers.correct,
                file=file.relative_to(folder.path).as_posix(),
                lines=answers.lines,
            )
    return StudyTable(
        frame=builder.frame(),
        pivot=study["pivot"],
        evaluated=tuple(study["evaluated"]),
        tiers=study["tiers"],
        lmax=max((entry["size"] for entry in study["ladder"]), default=0),
        expected=_expected(jobs),
        folder=folder.path,
    )


def _job(folder: StudyFolder, kind: Kind, entry: Mapping[str, Any]) -> _Job:
    """A job as it stands; done.json, which comes last, alone makes it finished."""
    address = entry["address"]
    return _Job(kind, entry, folder.answers(kind, address), read_done(folder.job(kind, address), address))


def _answers(job: _Job, languages: Sequence[str], verdict: str) -> dict[str, _Answers]:
    """Language -> its verdicts. DataError where a language has none, or a sample was judged otherwise."""
    _check(job)
    found = {lang: _Answers() for lang in languages}
    for lang, line, sample in _numbered(job):
        if lang not in found:
            continue
        if verdict not in sample["verdicts"]:
            known = ", ".join(sorted(sample["verdicts"]))
            raise DataError(f"{job.entry['name']}: no verdict {verdict!r}, there is {known}; change evaluate: verdict")
        own = found[lang]
        # The same ids come in every cell: kept once, not once a row.
        own.items.append(sys.intern(str(sample["id"])))
        own.groups.append(sys.intern(str(sample["group"])))
        own.correct.append(bool(sample["verdicts"][verdict]))
        own.lines.append(line)
    if missing := next((lang for lang, own in found.items() if not own.items), None):
        raise DataError(
            f"{job.entry['name']}: {job.answers} holds no answers in {missing}; "
            f"remove {job.answers.parent} and run the study again"
        )
    return found


def _check(job: _Job) -> None:
    """DataError where the samples are no longer those that the run was finished with."""
    for name, digest in (job.done or {}).get("answers", {}).items():
        path = job.answers / name
        if not path.is_file() or file_hash(path) != digest:
            raise DataError(
                f"{job.entry['name']}: {path} is not what the run has written; "
                f"remove {job.answers.parent} and run the study again"
            )


def _numbered(job: _Job) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(language, line in its file, sample) of the run's task: an evaluation has a file a task and language."""
    lines: dict[tuple[str, str], int] = {}
    for sample in iter_samples(job.answers):
        file = sample["task"], sample["lang"]
        lines[file] = lines.get(file, 0) + 1
        if sample["task"] == job.entry["task"]:
            yield sample["lang"], lines[file], sample


def _cell(job: _Job, lang: str, tier: str) -> dict[str, Any]:
    entry = job.entry
    trained = (job.done or {}).get("train") or {}
    base = job.kind == BASE
    languages = () if base else tuple(entry["languages"])
    return {
        "run": entry["name"],
        "address": entry["address"],
        "model": entry["model"],
        "family": entry["family"] or "",
        "log10_parameters": log10_parameters(entry["parameters"]),
        "task": entry["task"],
        "mixture": BASE if base else entry["mixture"],
        "L": len(languages),
        "languages": languages,
        "budget": "" if base else entry["budget"],
        "seed": 0 if base else entry["seed"],
        "steps": 0 if base else trained.get("steps") or entry["steps"] or 0,
        "tokens": 0 if base else trained.get("tokens") or entry["tokens"] or 0,
        "lang": lang,
        "exposure": exposure_of(lang, languages, base=base),
        "tier": tier,
    }


def _expected(jobs: Sequence[_Job]) -> dict[str, Any]:
    counts = {
        f"{kind}s": {
            "planned": sum(job.kind == kind for job in jobs),
            "finished": sum(job.kind == kind and job.done is not None for job in jobs),
        }
        for kind in ("run", BASE)
    }
    return {**counts, "unfinished": [_unfinished(job) for job in jobs if job.done is None]}


def _unfinished(job: _Job) -> dict[str, Any]:
    state = read_state(job.answers.parent)
    return {
        "name": job.entry["name"],
        "kind": job.kind,
        "address": job.entry["address"],
        "state": state.state if state else "to come",
        "stage": state.stage if state else "",
        "error": state.error if state else "",
    }
