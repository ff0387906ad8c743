"""The filter's speed: checks without models against OpusFilter's, and language ID against the bare libraries."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import Figure, Settings, alternate, ratio_figure, scratch, seconds
from .corruptions import LANGUAGES, load
from .opus_side import SAME_KIND, OpusSide

if TYPE_CHECKING:
    from mlt.filter.pairs import Pair
    from mlt.toolkit.languages import Language

LABELS, DIMENSIONS = 2102, 256  # of GlotLID v3
WITH_MODELS = ("language", "qe", "roundtrip")
Texts = list[tuple[str, str]]


def run(settings: Settings) -> list[Figure]:
    """Three ratios: checks, and the embedded and a fastText detector."""
    from mlt.toolkit.languages import resolve

    size = settings.size(500, 20)
    corpus = load(settings.data, LANGUAGES, (1, size), (0, 0))
    texts = {
        resolve(lang).language: [(row.source, row.target) for row in corpus.rows["ntrex", lang]] for lang in LANGUAGES
    }
    return [*_against_opusfilter(texts, settings), *_language_id(texts, settings)]


def pairs_of(texts: Texts, language: Language) -> list[Pair]:
    """Texts as pairs on which nothing has been computed yet."""
    from mlt.filter.in_memory import text_record
    from mlt.filter.pairs import pair_of

    records = (
        (text_record(str(index), "en", s), text_record(str(index), language.code, t))
        for index, (s, t) in enumerate(texts)
    )
    return [pair_of(source, target, language) for source, target in records]


class Checks:
    """Checks under the shipped policy. With ``same_kind`` those that OpusFilter has too, else all without a model."""

    def __init__(self, *, same_kind: bool) -> None:
        from mlt.filter.check import Context
        from mlt.filter.policy import load_policy
        from mlt.filter.registry import check_class

        rules = [rule for rule in load_policy().enabled if rule.name not in WITH_MODELS]
        chosen = [rule for rule in rules if not same_kind or rule.name in SAME_KIND]
        self.checks: dict[str, Any] = {rule.name: check_class(rule.name)(rule.settings, Context()) for rule in chosen}

    def score(self, texts: Mapping[Language, Texts], only: Collection[str] | None = None) -> None:
        """Makes pairs of the texts and scores them, check by check; ``only`` those that are named."""
        for language, some in texts.items():
            pairs = pairs_of(some, language)
            for name, check in self.checks.items():
                if (only is None or name in only) and check.covers(language) is None:
                    score_all = getattr(check, "score_all", check.score)
                    list(score_all(pairs, language))


def _against_opusfilter(texts: Mapping[Language, Texts], settings: Settings) -> list[Figure]:
    """Both sides from texts in memory to a score of every filter, one thread."""
    same, every = Checks(same_kind=True), Checks(same_kind=False)
    peer = OpusSide()
    rest = {ours: theirs for ours, theirs in SAME_KIND.items() if ours != "repetition"}
    sides: dict[str, Callable[[], None]] = {
        "mlt": lambda: same.score(texts),
        "mlt_all": lambda: every.score(texts),
        "mlt_rest": lambda: same.score(texts, rest),
        "opusfilter": lambda: peer.score(texts),
        "opusfilter_rest": lambda: peer.score(texts, rest.values()),
    }
    for call in sides.values():
        call()  # tables and compiled expressions are there on both sides
    times = alternate(sides, settings.repetitions)
    count = sum(map(len, texts.values()))

    def each(side: Checks | OpusSide, names: Iterable[str]) -> dict[str, float]:
        """Microseconds a pair of each check alone; for ours the making of pairs is in every one of them."""
        return {name: 1e6 * seconds(lambda: side.score(texts, [name])) / count for name in names}  # noqa: B023

    details = {
        "seconds": times,
        "same_kind": SAME_KIND,
        "microseconds_a_pair": each(every, every.checks),
        "microseconds_a_pair_opusfilter": each(peer, SAME_KIND.values()),
    }
    how = f"{count:,} NTREX pairs in {len(texts)} languages, one thread; ours with the making of pairs"
    return [
        ratio_figure(
            "filter_speed.checks",
            f"Speed: {len(same.checks)} checks / OpusFilter's filters of the same kinds",
            slow=times["opusfilter"],
            fast=times["mlt"],
            at_least=1,
            how=how,
            details=details,
        ),
        ratio_figure(
            "filter_speed.without_repetition",
            "Speed: the same without repetition, where OpusFilter spends most",
            slow=times["opusfilter_rest"],
            fast=times["mlt_rest"],
            at_least=None,
            how=how,
            details={"same_kind": rest},
        ),
        ratio_figure(
            "filter_speed.all_checks",
            f"Speed: all {len(every.checks)} checks without models / OpusFilter's {len(SAME_KIND)}",
            slow=times["opusfilter"],
            fast=times["mlt_all"],
            at_least=None,
            how=how,
            details={"checks": list(every.checks)},
        ),
    ]


def _language_id(texts: Mapping[Language, Texts], settings: Settings) -> list[Figure]:
    """The language check against a bare library that labels the same prepared texts one by one."""
    with scratch() as folder:
        chosen = os.environ.get("MLT_BENCH_LID")
        model = Path(chosen) if chosen else _train(settings, folder)
        kind = "a fastText model of GlotLID's shape" if chosen is None else model.name
        return [
            _rate("embedded", "py3langid", "embedded", _py3langid(), texts, settings),
            _rate("fasttext", f"fastText's predict with {kind}", str(model), _fasttext(model), texts, settings),
        ]


def _rate(
    name: str,
    title: str,
    detector: str,
    bare: Callable[[list[str]], Any],
    texts: Mapping[Language, Texts],
    settings: Settings,
) -> Figure:
    """Over the languages that the detector can judge; a new check for every round, so that none remembers a text."""
    from mlt.filter.check import Context
    from mlt.filter.policy import load_policy
    from mlt.filter.registry import check_class

    chosen = load_policy().with_settings("language", detectors=[detector])["language"].settings

    def check() -> Any:
        return check_class("language")(chosen, Context())

    known = {language: some for language, some in texts.items() if check().covers(language) is None}
    rounds = iter([(check(), _prepared(known)) for _ in range(settings.repetitions + 1)])
    plain = [[pair.target_prose.replace("\n", " ") for pair in pairs] for pairs in _prepared(known).values()]

    def ours() -> None:
        made, prepared = next(rounds)
        for language, pairs in prepared.items():
            made.score(pairs, language)

    sides: dict[str, Callable[[], Any]] = {"mlt": ours, "bare": lambda: [bare(lines) for lines in plain]}
    for call in sides.values():
        call()
    times = alternate(sides, settings.repetitions)
    count = sum(map(len, plain))
    return ratio_figure(
        f"filter_speed.language_id.{name}",
        f"Speed: the language check / {title}",
        slow=times["bare"],
        fast=times["mlt"],
        at_least=0.9,
        how=f"{count:,} texts in {len(plain)} languages, prepared beforehand on both sides, one thread",
        details={"seconds": times, "bare_texts_a_second": [count / value for value in times["bare"]]},
    )


def _prepared(texts: Mapping[Language, Texts]) -> dict[Language, list[Pair]]:
    """Pairs whose prose stands ready: several checks share it, and the bare library is given it."""
    made = {language: pairs_of(some, language) for language, some in texts.items()}
    for pair in (pair for pairs in made.values() for pair in pairs):
        _ = pair.source_prose, pair.target_prose
    return made


def _py3langid() -> Callable[[list[str]], Any]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return lambda lines: [identifier.classify(line) for line in lines]


def _fasttext(model: Path) -> Callable[[list[str]], Any]:
    import fasttext

    predict: Callable[[list[str]], Any] = fasttext.load_model(str(model)).predict
    return predict


def _train(settings: Settings, folder: Path) -> Path:
    """A model of GlotLID's shape (2,102 labels, 256 dimensions, softmax) that knows the benchmark's languages and
    English, where no other is named: only its speed is measured."""
    import fasttext

    from mlt.toolkit.languages import resolve

    corpus = load(settings.data, LANGUAGES, (1, 500), (0, 0))
    rows = [row for lang in LANGUAGES for row in corpus.rows["ntrex", lang] if row.number % 2]
    lines = [f"__label__{resolve(row.lang).language.flores} {row.target}" for row in rows]
    lines += [f"__label__eng_Latn {row.source}" for row in rows if row.lang == LANGUAGES[0]]
    labels = len({line.split()[0] for line in lines})
    lines += [f"__label__q{index:04d}_Zzzz q{index}q" for index in range(LABELS - labels)]
    text = folder / "lines.txt"
    text.write_text("\n".join(lines) + "\n", encoding="utf-8")
    shape = {"dim": DIMENSIONS, "minn": 2, "maxn": 5, "bucket": 100_000, "loss": "softmax"}
    model = fasttext.train_supervised(str(text), **shape, lr=1.0, epoch=10, thread=2, verbose=0)
    path = folder / "glotlid-shape.bin"
    model.save_model(str(path))
    return path
