"""Lists in a run: made or learned, audited shard by shard, widened or given up where they change what is said.

Everything that decides which list a shard is translated with stands in the run (:mod:`.state`) before the shard is
finished, so that a run which is killed and started again translates it with the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...toolkit.languages import Language
from ...toolkit.progress import Progress, step_messages
from ...toolkit.records import Record
from ..cache import UnitCache, cache_name
from ..decode import Decoder, Plans
from ..engine import Engine
from ..engines.ct2 import Ct2Engine
from ..shard import Settings, unit_texts
from .audit import Audit, audited, compare
from .engine import ShortlistedEngine, shortlisted
from .learning import learned
from .pieces import WIDEST, Shortlist, learned_list, script_list
from .seen import SeenPieces
from .sent import SentPieces
from .setting import Setting, gains, kind_for, pays
from .state import State, StateChain, widened
from .store import drop_cut

if TYPE_CHECKING:
    from ...toolkit.store import RunStore

Marker = Mapping[str, Any]


class Lists(Protocol):
    """What the pipeline asks of a language's lists."""

    def stands(self, marker: Marker) -> bool:
        """Whether a finished shard may stay as it is."""
        ...

    def settle(self) -> None:
        """Judge the list by all audits so far; what was translated with one that fails stands no more."""
        ...

    def decoder(self, index: int, records: Sequence[Record], plans: Plans) -> tuple[Decoder, dict[str, Any]]:
        """The decoder for a shard's English records, and what the shard's marker is to say of it."""
        ...

    def learn(self, index: int, records: Sequence[Record], plans: Plans) -> None:
        """To be told of a shard that is translated, before it is written."""
        ...

    def close(self) -> None:
        """Give back caches, weights and the cut model's folder."""
        ...


class FullVocabulary:
    """No list: every shard is translated by the engine as it is."""

    def __init__(self, engine: Engine, language: Language, root: Path) -> None:
        self._what = engine, language, root
        self._decoder: Decoder | None = None

    def stands(self, marker: Marker) -> bool:
        """Always: an engine without lists is asked for in runs without any."""
        return True

    def settle(self) -> None:
        """There is nothing to judge."""

    def decoder(self, index: int, records: Sequence[Record], plans: Plans) -> tuple[Decoder, dict[str, Any]]:
        """The same for all shards."""
        self._decoder = self._decoder or _open(*self._what)
        return self._decoder, {}

    def learn(self, index: int, records: Sequence[Record], plans: Plans) -> None:
        """Nothing is learned."""

    def close(self) -> None:
        """Closes the cache; the engine is the caller's."""
        if self._decoder is not None:
            self._decoder.cache.close()


@dataclass
class RunLists:
    """The lists of one language in one run. ``sent``: the pieces of the run's English side, shared by its languages."""

    store: RunStore
    engine: Ct2Engine
    language: Language
    setting: Setting
    settings: Settings
    sent: SentPieces
    root: Path
    progress: Progress

    def __post_init__(self) -> None:
        self._chain = StateChain(self.store, self.language.code)
        self._full: Decoder | None = None
        self._cut: Decoder | None = None

    def stands(self, marker: Marker) -> bool:
        """Whether the shard was translated with the full vocabulary, or with a list that has not failed."""
        state = self._chain.load()
        return state is None or state.stands(marker.get("shortlist"))

    def settle(self) -> None:
        """The list fails where it has changed more than 0.5 % of all audited units."""
        state = self._chain.load()
        if state is not None and state.shortlist is not None:
            found = self._audits(state.hash)
            if found.fails():
                self._give_up(state, state.shortlist, found)

    def decoder(self, index: int, records: Sequence[Record], plans: Plans) -> tuple[Decoder, dict[str, Any]]:
        """One with a list that has passed an audit on this very shard, else the full vocabulary's."""
        texts = self._texts(records)
        while pays(self.setting, len(texts)) and (made := self._list_for(index)) is not None:
            cut = self._decoder_with(made)
            chosen = audited(texts)
            said = compare(self.full, _alike(cut), chosen, self.settings.decoding, plans, _engine_of(cut).can_say)
            if not self._fails(made, index, said):
                return cut, {"shortlist": made.hash, "audit": said.to_json()}
        return self.full, {}

    def learn(self, index: int, records: Sequence[Record], plans: Plans) -> None:
        """Adds the pieces of a shard that the full vocabulary has translated; makes the list once they suffice."""
        while self._learns(state := self._newest()) and index not in state.full:
            said = _alike(self.full).decode(self._texts(records), self.settings.decoding, plans=plans, step="learn")
            outputs = [hypotheses[0].text for _, hypotheses in said]
            sent = self.sent(self.language)
            now = replace(state, full=(*state.full, index), english=self.sent.english)
            now = learned(self.engine, self.language, sent, now, outputs, self._gains)
            if self._chain.append(now) == now:
                SeenPieces(self.root, self.engine, self.language).add(outputs)

    def close(self) -> None:
        """Closes what was opened, and removes the cut model: it is cut again in a second."""
        self._close_cut()
        if self._full is not None:
            self._full.cache.close()
            self._full = None

    @property
    def full(self) -> Decoder:
        """The decoder with the full vocabulary."""
        if self._full is None:
            self._full = _open(self.engine, self.language, self.root)
        return self._full

    def _texts(self, records: Sequence[Record]) -> dict[str, None]:
        """The distinct units of a shard."""
        return dict.fromkeys(text for record in records for text in unit_texts(record, self.settings))

    def _newest(self) -> State:
        return self._chain.load() or self._chain.append(self._first())

    def _first(self) -> State:
        """Where shards are finished and no list is known, these came from elsewhere: the run goes on without one."""
        code = self.language.code
        if finished := self.store.shards(code):
            hashes = [(self.store.done(code, index) or {}).get("shortlist") for index in finished]
            return State(kind=None, outgrown=tuple(dict.fromkeys(hash for hash in hashes if hash)))
        kind = kind_for(self.setting, self.language)
        seen = SeenPieces(self.root, self.engine, self.language).load() if kind == "learned" else None
        return State(kind=kind, seen=seen.pieces if seen else frozenset())

    def _list_for(self, index: int) -> Shortlist | None:
        """The list for a shard, made or made anew where the run's English side has grown; None: full vocabulary."""
        state = self._newest()
        while state.kind is not None and index not in state.full and not self._learns(state):
            if state.shortlist is not None and state.english == self.sent.english:
                return state.shortlist
            state = self._chain.append(self._made(state))
        return None

    def _learns(self, state: State) -> bool:
        return state.kind == "learned" and state.shortlist is None

    def _made(self, state: State) -> State:
        sent, width = self.sent(self.language), state.width
        if state.kind == "script":
            made = script_list(self.engine, self.language, sent, width=width)
        else:
            made = learned_list(self.engine, self.language, sent, state.seen, width=width)
        if state.shortlist is not None:
            state = replace(state, outgrown=(*state.outgrown, state.shortlist.hash), shortlist=None)
        if not self._gains(made):
            return replace(state, kind=None)
        return replace(state, shortlist=made, english=self.sent.english)

    def _gains(self, made: Shortlist) -> bool:
        return gains(self.setting, made, self.engine)

    def _decoder_with(self, made: Shortlist) -> Decoder:
        if self._cut is None or _list_of(self._cut).hash != made.hash:
            self._close_cut()
            engine = shortlisted(self.engine, made, root=self.root, progress=step_messages(self.progress))
            self._cut = _open(engine, self.language, self.root)
        return self._cut

    def _close_cut(self) -> None:
        if self._cut is not None:
            cut, self._cut = self._cut, None
            cut.cache.close()
            cut.engine.close()
            drop_cut(self.engine, _list_of(cut), self.root)

    def _fails(self, made: Shortlist, index: int, said: Audit) -> bool:
        """Judges a list by a shard's audit. With shards done already, which it would cost, an accident is forgiven."""
        if not said.against:
            return False
        before = self._audits(made.hash, but=index)
        if not (before + said).fails(margin=before.units > 0):
            return False
        self._give_up(self._newest(), made, before + said)
        return True

    def _give_up(self, state: State, made: Shortlist, said: Audit) -> None:
        if state.hash != made.hash:
            return  # another process was first
        audit = {"audited": said.units, "identical": said.identical, "within": said.within}
        failed = {"words": len(made.target), "width": state.width, **audit}
        now = self._chain.append(widened(state, WIDEST, failed))
        next_step = "the full vocabulary is used" if now.kind is None else "it is made wider"
        self.progress.note(
            f"{self.language.code}: a list of {len(made.target):,} words changes {said.against} of {said.units} audited"
            f" units; {next_step}"
        )

    def _audits(self, hash: str | None, but: int | None = None) -> Audit:
        """The sum over the finished shards that were translated with a list."""
        code, total = self.language.code, Audit()
        for index in self.store.shards(code):
            marker = self.store.done(code, index) or {}
            if index != but and marker.get("shortlist") == hash:
                total += Audit.from_json(marker["audit"])
        return total


def summary(store: RunStore, lang: str, vocabulary: int | None) -> dict[str, Any] | None:
    """What run.json says of a language's list; None where the run knows of none.

    ``kind`` is ``off`` where the full vocabulary was used in the end; ``words`` of ``vocabulary`` may come out (None:
    nothing is learned yet, or off);
    ``audited`` units were decoded both ways, of which ``identical`` came out the same; ``within`` of the others are a
    matter of the search (:class:`Audit`); ``chrf`` is the mean over the others (None: nothing differs, or sacrebleu is
    not installed); ``full_shards`` were translated without a list.
    """
    state = StateChain(store, lang).load()
    if state is None:
        return None
    markers = [store.done(lang, index) or {} for index in store.shards(lang)]
    audits = sum((Audit.from_json(marker["audit"]) for marker in markers if "audit" in marker), Audit())
    made = state.shortlist
    return {
        "kind": state.kind or "off",
        "hash": state.hash,
        "words": len(made.target) if made else None,
        "vocabulary": vocabulary,
        "width": state.width,
        "audited": audits.units,
        "identical": audits.identical,
        "within": audits.within,
        "chrf": audits.chrf,
        "full_shards": sum("shortlist" not in marker for marker in markers),
        "failed": [dict(entry) for entry in state.failed],
    }


def _open(engine: Engine, language: Language, root: Path) -> Decoder:
    return Decoder(engine, language, UnitCache(cache_name(engine), language.code, root=root))


def _alike(decoder: Decoder) -> Decoder:
    """One that counts for itself: what an audit decodes is no part of a shard's counts."""
    return Decoder(decoder.engine, decoder.target, decoder.cache)


def _list_of(decoder: Decoder) -> Shortlist:
    return _engine_of(decoder).shortlist


def _engine_of(decoder: Decoder) -> ShortlistedEngine:
    assert isinstance(decoder.engine, ShortlistedEngine)
    return decoder.engine
