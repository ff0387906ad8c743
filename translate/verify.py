"""Whether a hypothesis may be published: its spans stand, its numbers are the source's, it ends, it is no loop.

Pure functions; a hypothesis is judged against the unit as it was shown, and spans are put back on the way.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass

import regex

from ..toolkit.checks.faces import find_faces
from ..toolkit.checks.numbers import compare_numbers
from ..toolkit.checks.repetition import has_loop
from ..toolkit.checks.script import script_share
from ..toolkit.languages import ENGLISH, Language
from .engine import Hypothesis
from .placeholders import Shown

MASK = "\ufffc"  # OBJECT REPLACEMENT CHARACTER: stands for a span where the rest of a text is looked at
# Human Thai, Chinese and Japanese full of Latin names goes down to 0.4 (NTREX, first percentile).
MIN_SCRIPT_SHARE = 0.3
# Characters of a translation per character of English, spans masked. Human translations into NLLB's languages lie
# between 0.25 (Chinese) and 2; what is far outside was cut off or ran away.
LENGTH_BOUNDS = (0.15, 4.0)
SHORT = 20
_LETTERS = regex.compile(r"\p{L}")
_SPACES = regex.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A hypothesis that holds: ``text`` has its spans restored, ``surface`` has them as an engine would read them."""

    text: str
    surface: str
    copied: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A hypothesis that does not, and why: a kebab-case reason that is counted, and what was seen."""

    reason: str
    detail: str
    text: str


NUMBER_REASONS = frozenset({"number-lost", "number-added"})
RUNAWAY_REASONS = frozenset({"loop", "no-end-token", "length"})


def judge(shown: Shown, hypothesis: Hypothesis, target: Language, *, translates: bool = True) -> Accepted | Refused:
    """Judge one hypothesis. ``translates`` False: the engine copies, and language checks abstain."""
    output = hypothesis.text
    if not output.strip():
        return Refused("empty", "", output)
    if not hypothesis.ended:
        return Refused("no-end-token", f"cut off after {len(output)} characters", output)
    if hypothesis.unknown:
        return Refused("unk", "the hypothesis holds <unk>", output)
    placed = _place(shown, output)
    if isinstance(placed, str):
        return Refused("span-lost", placed, output)
    masked, restored, surface = placed
    source = MASK.join(shown.unit.gaps)
    problem = _residue(shown, masked) or _numbers(source, masked, target) or _shape(source, masked)
    if problem is None and translates:
        problem = _script(masked, target)
    if problem is not None:
        return Refused(*problem, restored)
    return Accepted(restored, surface, translates and _folded(masked) == _folded(source))


def _place(shown: Shown, output: str) -> tuple[str, str, str] | str:
    """The output with its spans masked, restored and as surfaces; or the face that is missing or in excess.

    Faces that are alike are matched in reading order, those outside the spans counted in: the second ``8`` of the
    source is the second ``8`` of the output.
    """
    if not shown.faces:
        return output, output, output
    loose = shown.form is None
    found = find_faces(output, shown.faces, loose=loose)
    due = _due(shown, loose)
    counts = Counter(match.face for match in found)
    for face, spans in due.items():
        if counts[face] != len(spans) and (counts[face] < len(spans) or not _same_everywhere(shown, spans)):
            return f"{face!r} stands {counts[face]} times for {len(spans)}"
    masked: list[str] = []
    restored: list[str] = []
    surface: list[str] = []
    position = 0
    for match in found:
        queue = due[match.face]
        index = queue.popleft() if queue else None
        gap = output[position : match.start]
        position = match.end
        if index is None:  # a number or a word that is like a span, but stands outside of all spans
            faces = (output[match.start : match.end],) * 3
        else:
            span = shown.unit.spans[index]
            faces = (MASK, span.restore, span.expect)
        for out, face in zip((masked, restored, surface), faces, strict=True):
            out += [gap, face]
    tail = output[position:]
    return "".join([*masked, tail]), "".join([*restored, tail]), "".join([*surface, tail])


def _due(shown: Shown, loose: bool) -> defaultdict[str, deque[int | None]]:
    """Face -> what it stands for, in reading order: the index of a span, or None for its like in a gap."""
    due: defaultdict[str, deque[int | None]] = defaultdict(deque)
    for index, gap in enumerate(shown.unit.gaps):
        for match in find_faces(gap, shown.faces, loose=loose):
            due[match.face].append(None)
        if index < len(shown.faces):
            due[shown.faces[index]].append(index)
    return due


def _same_everywhere(shown: Shown, indexes: deque[int | None]) -> bool:
    """Whether more of the same face does no harm: its spans are words that are published as they are."""
    if shown.form is not None:
        return False
    spans = [shown.unit.spans[index] for index in indexes if index is not None]
    return all(span.restore == span.expect and _LETTERS.search(span.expect) for span in spans)


def _folded(text: str) -> str:
    return _SPACES.sub("", text)


def _residue(shown: Shown, masked: str) -> tuple[str, str] | None:
    if shown.form is not None and (match := shown.form.family.search(masked)):
        return "residue", f"{match.group()!r} is left of a placeholder"
    return None


def _numbers(source: str, masked: str, target: Language) -> tuple[str, str] | None:
    verdict = compare_numbers(source, masked, ENGLISH, target)
    if verdict.missing:
        return "number-lost", ", ".join(verdict.missing)
    if verdict.extra:
        return "number-added", ", ".join(verdict.extra)
    return None


def _shape(source: str, masked: str) -> tuple[str, str] | None:
    if has_loop(source, masked):
        return "loop", masked[-80:]
    length = len(source)
    low, high = LENGTH_BOUNDS[0] * length - 3, LENGTH_BOUNDS[1] * length + SHORT
    if not low <= len(masked) <= high:
        return "length", f"{len(masked)} characters for {length}"
    return None


def _script(masked: str, target: Language) -> tuple[str, str] | None:
    share = script_share(masked, target)
    if share is not None and share < MIN_SCRIPT_SHARE:
        return "script", f"{share:.0%} of the letters are {target.script}"
    return None
