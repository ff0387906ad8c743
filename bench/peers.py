"""mlt end to end against how others run the same model: rates, memory, start-up, and how far the outputs agree.

Every side has a process of its own (:mod:`.peer_process`) and is measured in turn with those of its group
(:mod:`.peer_plan`) on rows of one distribution, by rows a second: sides that would take minutes have fewer of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .common import Figure, Settings, alternate, api_bank_files, gsm8k, read_jsonl, say, scratch, slug, spread
from .gemm import multiply_adds, peak
from .nllb_shape import build
from .peer_callers import Pairs
from .peer_plan import GROUPS, HOWS, NAMES, Against, Group, Side, interpreter, pattern_of, settings_tried
from .peer_process import PeerProcess
from .peer_texts import Sample, sample
from .sides import tokenise, tokenizer

GEMM_SHARE = 0.45


@dataclass
class Measured:
    """One side: its seconds, and the rows, tokens and pairs behind them."""

    caller: str
    side: Side
    rows: int
    options: Mapping[str, int]
    start_up: float
    seconds: list[float] = field(default_factory=list)
    pairs: Pairs = field(default_factory=list)
    tokens: int = 0
    source_tokens: int = 0
    memory_kb: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def rates(self) -> list[float]:
        """Rows a second, repetition by repetition."""
        return [self.rows / seconds for seconds in self.seconds]

    def to_json(self) -> dict[str, Any]:
        """The numbers behind the figures."""
        return {
            "rows": self.rows,
            "beam": self.side.beam,
            "options": dict(self.options),
            "seconds": self.seconds,
            "rows_per_s": self.rates,
            "tokens_per_s": [self.tokens / seconds for seconds in self.seconds],
            "peak_memory_mb": self.memory_kb / 1024,
            "start_up_seconds": self.start_up,
            **self.facts,
        }


def run(settings: Settings) -> list[Figure]:
    """All groups, then the share of the machine's int8 products and of each stage."""
    hf, ct2 = build(settings)
    loaded = tokenizer(hf)

    def count(texts: Sequence[str]) -> int:
        return sum(len(tokens) - 2 for tokens in tokenise(loaded, texts))

    figures: list[Figure] = []
    with scratch() as folder:
        for group in GROUPS:
            measured = _group(settings, group, hf, ct2, folder, count)
            figures += [compared(group, against, measured) for against in group.compared]
            if group is GROUPS[0]:
                figures.append(_gemm_share(measured["Ours.beam1"], ct2))
        figures.append(_stages(settings, hf, ct2, folder))
    return figures


def _rows(settings: Settings, data: str) -> list[dict[str, Any]]:
    if data == "gsm8k":
        return [{key: row[key] for key in ("question", "answer")} for row in gsm8k(settings)]
    return read_jsonl(api_bank_files(settings)[0])


def _group(
    settings: Settings, group: Group, hf: Path, ct2: Path, folder: Path, count: Callable[[Sequence[str]], int]
) -> dict[str, Measured]:
    """Every side of a group, loaded, tuned and measured in turn; then asked what it sent, and for its memory."""
    rows = _rows(settings, group.data)
    first = sample(rows, 1, folder / "first.jsonl")
    measured: dict[str, Measured] = {}
    with ExitStack() as stack:
        processes: dict[str, PeerProcess] = {}
        calls: dict[str, Callable[[], Any]] = {}
        for side in group.sides:
            size = settings.size(side.rows, side.quick)
            some = sample(rows, size, folder / f"{side.name}.jsonl", as_they_stand=side.as_they_stand)
            if side.caller not in processes:
                processes[side.caller] = _started(stack, side.caller, hf, ct2, first)
            process = processes[side.caller]
            tuning = sample(rows, settings.size(side.tuned_on, 1), folder / "tuning.jsonl")
            options = best_options(process, tuning, side.beam, at_once=settings.quick)
            if not settings.quick:
                process.prepare(side.beam)
            say(f"  {group.title}: {NAMES[process.caller]}, beam {side.beam}, {some.rows} rows {options or ''}")
            measured[side.name] = Measured(process.caller, side, some.rows, options, process.start_up)
            calls[side.name] = _call(process, some, side.beam, options, measured[side.name])
        for name, seconds in alternate(calls, settings.repetitions).items():
            measured[name].seconds = seconds
        for side in group.sides:
            measured[side.name].memory_kb = processes[side.caller].ask("memory_kb")
    for one in measured.values():
        one.tokens = count([source for source, _ in one.pairs])
        # Each text is sent with its language and its end.
        one.source_tokens = one.tokens + 2 * len(one.pairs)
    return measured


def _started(stack: ExitStack, side: str, hf: Path, ct2: Path, first: Sample) -> PeerProcess:
    """The side's process; a package that does not load this model gives way to its call pattern."""
    caller, python = interpreter(side)
    try:
        process = PeerProcess(caller, hf, ct2, first, settings_tried(caller)[0], python)
    except RuntimeError as error:
        if python == sys.executable:
            raise
        caller = pattern_of(side)
        say(f"  {error}; {NAMES[caller]} takes its place")
        process = PeerProcess(caller, hf, ct2, first, settings_tried(caller)[0])
    stack.callback(process.close)
    return process


def _call(
    process: PeerProcess, some: Sample, beam: int, options: Mapping[str, int], into: Measured
) -> Callable[[], float]:
    """One measured call. What it sent is asked for behind it, where another beam of the process does not follow."""

    def call() -> float:
        seconds = process.translate(some, beam, options)
        if not into.pairs:
            into.pairs = [(source, target) for source, target in process.ask("pairs")]
            into.facts = process.ask("facts")
        return seconds

    return call


def best_options(process: PeerProcess, tuning: Sample, beam: int, *, at_once: bool = False) -> dict[str, int]:
    """The fastest of what a side may set, on a few rows; the second of two calls, for the first one may load.

    ``at_once``: the first that there is.
    """
    tried = settings_tried(process.caller)
    if len(tried) == 1 or at_once:
        return tried[0]

    def took(options: Mapping[str, int]) -> float:
        process.translate(Sample(tuning.source, tuning.texts[:1]), beam, options)
        return process.translate(tuning, beam, options)

    return min(tried, key=took)


def compared(group: Group, against: Against, measured: Mapping[str, Measured]) -> Figure:
    """The rate of ours / theirs, and in words what stands behind it."""
    ours, theirs = measured[against.ours], measured[against.theirs]
    median, low, high = spread([a / b for a, b in zip(ours.rates, theirs.rates, strict=True)])
    same = agreement(ours.pairs, theirs.pairs)
    return Figure(
        name=f"peers.{slug(group.data)}.{against.ours}.{against.theirs}".lower(),
        title=f"{group.title}, source rows a second: {_titled(ours)} against {_titled(theirs)}",
        asked="reported" if against.at_least is None else f">= {against.at_least:g}",
        measured=median,
        unit="x",
        met=None if against.at_least is None else median >= against.at_least,
        how=f"{HOWS[theirs.caller]}{_set(theirs.options)}; {_both(ours, theirs)}; {said(same)}",
        low=low,
        high=high,
        repetitions=len(ours.seconds),
        details={"ours": ours.to_json(), "theirs": theirs.to_json(), "agreement": same},
    )


def _titled(one: Measured) -> str:
    return f"{NAMES[one.caller]}, beam {one.side.beam}{', annotations left in' if one.side.as_they_stand else ''}"


def _set(options: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in options.items())})" if options else ""


def _both(ours: Measured, theirs: Measured) -> str:
    """What both sides did, ours first."""

    def pair(what: str, of: Callable[[Measured], float], form: str) -> str:
        return f"{of(ours):{form}} and {of(theirs):{form}} {what}"

    return ", ".join(
        (
            pair("rows", lambda one: one.rows, "d"),
            pair("rows/s", lambda one: spread(one.rates)[0], ".3g"),
            pair("target tokens/s", lambda one: one.tokens / spread(one.seconds)[0], ".0f"),
            pair("MB at most", lambda one: one.memory_kb / 1024, ".0f"),
            pair("s from start to the first translation", lambda one: one.start_up, ".1f"),
        )
    )


def agreement(ours: Pairs, theirs: Pairs) -> dict[str, Any]:
    """Of the texts that both sides sent: how many, how many came back the same, and the mean chrF of the others."""
    from sacrebleu.metrics import CHRF

    known = dict(ours)
    both = [(known[source], target) for source, target in theirs if source in known]
    scores = [CHRF().sentence_score(other, [one]).score for one, other in both if one != other]
    return {
        "texts": len(both),
        "identical": len(both) - len(scores),
        "chrf_of_others": sum(scores) / len(scores) if scores else None,
    }


def said(same: Mapping[str, Any]) -> str:
    """:func:`agreement` in words."""
    if not same["texts"]:
        return "no text was sent as it is by both"
    others = f", chrF of the others {same['chrf_of_others']:.0f}" if same["chrf_of_others"] is not None else ""
    return f"of {same['texts']} texts that both sent {same['identical']} came back the same{others}"


def _gemm_share(ours: Measured, ct2: Path) -> Figure:
    """The multiply-adds that the rows need, by ours' time, of those that the machine does a second at best."""
    from mlt.translate.devices import available_cores

    say("  int8 products of this machine")
    rates = peak(available_cores())
    way = max(rates, key=lambda name: rates[name])
    vocabulary = (ours.facts.get("shortlist") or {}).get("words")
    words = vocabulary or _words(ct2)
    # The end token is a step too; what is decoded for the audit alone is not counted.
    needed = multiply_adds(ours.source_tokens, ours.tokens + len(ours.pairs), words, ours.side.beam)
    median, low, high = spread([needed / seconds / rates[way] for seconds in ours.seconds])
    return Figure(
        name="peers.gemm_share",
        title=f"Share of this machine's int8 products at M = 64 that {_titled(ours)}, needs end to end",
        asked=f">= {GEMM_SHARE:.0%}",
        measured=100 * median,
        unit="%",
        met=median >= GEMM_SHARE,
        how=f"{needed / 1e9:,.0f} billion int8 multiply-adds for {ours.rows} rows, projection onto {words:,} words; "
        f"{rates[way] / 1e9:.0f} billion a second by {way}, {available_cores()} cores; loading and audit in the time",
        low=100 * low,
        high=100 * high,
        repetitions=len(ours.seconds),
        details={"multiply_adds": needed, "seconds": ours.seconds, "peaks": rates, "words": words, **ours.facts},
    )


def _words(ct2: Path) -> int:
    from mlt.translate.engines.tokenization import load_vocabulary

    return len(load_vocabulary(ct2))


def _stages(settings: Settings, hf: Path, ct2: Path, folder: Path) -> Figure:
    """Where the time of one run goes."""
    side = GROUPS[0].sides[0]
    rows = _rows(settings, GROUPS[0].data)
    some = sample(rows, settings.size(side.rows // 2, side.quick), folder / "stages.jsonl")
    with ExitStack() as stack:
        process = _started(stack, side.caller, hf, ct2, sample(rows, 1, folder / "first.jsonl"))
        say(f"  stages of {some.rows} rows")
        shares = process.stages(some, side.beam, {})
    decoding = shares.get("decode", 0.0)
    return Figure(
        name="peers.stages",
        title=f"Share of the time in which {NAMES[side.caller]} decodes, beam {side.beam}",
        asked="reported",
        measured=100 * decoding,
        unit="%",
        met=None,
        how=f"{some.rows} rows of GSM8K, translate() without the ladder, its stack looked at 200 times a second; "
        + ", ".join(f"{stage} {share:.1%}" for stage, share in shares.items()),
        details={"stages": shares},
    )
