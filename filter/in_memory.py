"""Pairs in memory: the same checks and decisions as in a run, without a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import Language, resolve
from ..toolkit.records import Gold, Message, Record, Source
from .check import ABSTAIN, Check, Context, CorpusCheck, Score
from .columns import Columns
from .decide import KEPT, decide
from .pairs import TEXT_TASK, Pair, pair_of
from .policy import Policy
from .registry import check_class, check_names

if TYPE_CHECKING:
    import pyarrow as pa


def score_all(pairs: Sequence[Mapping[str, Any]], policy: Policy, context: Context) -> pa.Table:
    """See :func:`mlt.filter.api.score_pairs`."""
    with ExitStack() as stack:
        checks: dict[str, Check] = {}
        for rule in policy.enabled:
            checks[rule.name] = stack.enter_context(closing(check_class(rule.name)(rule.settings, context)))
        return _in_order(pairs, checks, policy)


def _in_order(pairs: Sequence[Mapping[str, Any]], checks: Mapping[str, Check], policy: Policy) -> pa.Table:
    """A table of all pairs, scored language by language and put back in order."""
    import pyarrow as pa

    made = [_pair(index, entry) for index, entry in enumerate(pairs)]
    parts, places = [], []
    for language in dict.fromkeys(pair.language for pair in made):
        chosen = [index for index, pair in enumerate(made) if pair.language == language]
        parts.append(_scored([made[index] for index in chosen], language, checks, policy))
        places += chosen
    if not parts:
        return _scored([], resolve("en").language, checks, policy)
    back = sorted(range(len(places)), key=places.__getitem__)
    return pa.concat_tables(parts).take(pa.array(back))


def text_record(id: str, lang: str, text: str) -> Record:
    """A text as a record of task "text", as files of pairs give it."""
    source = Source("memory", "", "", 0, "unknown")
    return Record(id, id, TEXT_TASK, lang, (Message("user", text),), "", Gold(), source)


def _pair(index: int, entry: Mapping[str, Any]) -> Pair:
    for name in ("source", "target", "lang"):
        if not isinstance(entry.get(name), str):
            raise UsageError(f"pair {index}: {name} is {entry.get(name)!r}; expected a text")
    language = resolve(entry["lang"]).language
    id = str(entry.get("id", index))
    return pair_of(text_record(id, "en", entry["source"]), text_record(id, language.code, entry["target"]), language)


def _scored(pairs: Sequence[Pair], language: Language, checks: Mapping[str, Check], policy: Policy) -> pa.Table:
    import pyarrow as pa

    columns = Columns([pair.id for pair in pairs])
    for name, check in checks.items():
        columns.put(name, _column(check, pairs, language), {})
    table = columns.table(check_names()).replace_schema_metadata(None)
    decisions = decide(table, policy, language.code)
    reasons = [None if index == KEPT else decisions.checks[index] for index in decisions.reasons]
    table = table.add_column(1, "lang", pa.array([language.code] * len(pairs), pa.string()))
    return table.append_column("reason", pa.array(reasons, pa.string()))


def _column(check: Check, pairs: Sequence[Pair], language: Language) -> Sequence[Score]:
    if check.covers(language) is not None:
        return [ABSTAIN] * len(pairs)
    if isinstance(check, CorpusCheck):
        return list(check.score_all(pairs, language))
    return check.score(pairs, language)
