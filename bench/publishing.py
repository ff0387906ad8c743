"""Publishing: each file is sent once and never again, and a card with one changed number is found out.

The Hub is the tests' double on loopback; the clients are the real ones, in a process of their own.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .common import ROOT, Figure, Settings, say, scratch
from .mixing import LANGUAGES, write_run

ITEMS = 2_000
ONE_MORE = "fr"
LICENSE = "cc0-1.0"
PUSH = """
from dataclasses import asdict
from mlt.data_cards.publish import push
result = asdict(push(folder, "someone/bench", license=license, checked=True))
"""


def run(settings: Settings) -> list[Figure]:
    """What pushes send, and which share of changed numbers the check of a card finds."""
    with scratch() as folder:
        return [*_pushes(settings, folder), *_checks(settings, folder)]


def _pushes(settings: Settings, folder: Path) -> Iterator[Figure]:
    sys.path.append(str(ROOT / "tests"))
    from hub_client import Failure, HubClient
    from hub_server import TOKEN, HubServer

    items = settings.size(ITEMS, 200)
    say(f"  publishing: {len(LANGUAGES)} languages x {items:,} items")
    most = [lang for lang in LANGUAGES if lang != ONE_MORE]
    sent: list[list[str]] = []
    seconds: list[float] = []
    results: list[dict[str, Any]] = []
    with HubServer() as server, HubClient(server.url, folder / "client", TOKEN) as client:
        for languages in (LANGUAGES, LANGUAGES):
            source = write_run(folder / "run", items, languages) if not results else folder / "run"
            server.uploads = []
            started = time.perf_counter()
            result = client.run(PUSH, folder=str(source), license=LICENSE)
            seconds.append(time.perf_counter() - started)
            assert not isinstance(result, Failure), result.message
            results.append(result)
            sent.append(list(server.uploads))
    with HubServer() as server, HubClient(server.url, folder / "client-2", TOKEN) as client:
        for languages in (most, LANGUAGES):
            source = write_run(folder / "grows", items, languages)
            server.uploads = []
            result = client.run(PUSH, folder=str(source), license=LICENSE)
            assert not isinstance(result, Failure), result.message
            grown = result
    files = [name for name in results[0]["written"] if name.endswith(".parquet")]
    extra = sum(size for name, size in grown["written"].items() if f"_{ONE_MORE}/" in name)
    whole, others = sum(grown["written"].values()), sum(grown["unchanged"].values())
    foreign = [name for name in grown["written"] if name.endswith(".parquet") and f"_{ONE_MORE}/" not in name]
    how = f"{len(LANGUAGES)} configs of {items:,} rows, the Hub's own client against a Hub on loopback"
    twice = len(sent[0]) - len(set(sent[0]))
    yield Figure(
        name="publishing.once",
        title=f"A push of {len(LANGUAGES)} configs: large files that are sent more than once",
        asked="0",
        measured=twice,
        unit="files",
        met=not twice and len(sent[0]) == len(files),
        how=how,
        details={"sent": len(sent[0]), "files": len(files), "seconds": seconds[0]},
    )
    yield Figure(
        name="publishing.again",
        title="The same push again: files that are sent",
        asked="0",
        measured=len(sent[1]) + len(results[1]["written"]),
        unit="files",
        met=not sent[1] and not results[1]["written"] and results[1]["commit"] is None,
        how=how,
        details={"seconds": seconds[1]},
    )
    yield Figure(
        name="publishing.one_more",
        title="A language more: Parquet files of other languages that are sent",
        asked="0",
        measured=len(foreign),
        unit="files",
        met=not foreign,
        how=f"{how}; {ONE_MORE} added to {len(most)} languages",
        details={"bytes_sent": whole, "of_them_the_language's": extra, "bytes_left_alone": others},
    )


def _checks(settings: Settings, folder: Path) -> Iterator[Figure]:
    from mlt.data_cards.bundle import open_bundle
    from mlt.data_cards.card import declared_in, make_card
    from mlt.data_cards.check import check_card
    from mlt.data_cards.compare import compare_cards
    from mlt.data_cards.evidence import read_evidence
    from mlt.data_cards.publish import publish_to_folder
    from mlt.filter import filter_run
    from mlt.train import mix
    from mlt.translate import translate

    say("  publishing: every number of a card changed, one at a time")
    translate(None, langs=["sw", "yo", "th"], model="tiny", out=folder / "sample", limit=None)
    filter_run(folder / "sample", folder / "filtered", lid="embedded")
    mix(
        [folder / "filtered"],
        folder / "filtered" / "mixtures" / "all",
        langs=["en", "sw", "yo", "th"],
        per_language=60,
        validation=10,
    )
    published = publish_to_folder(folder / "filtered", folder / "published", license=LICENSE, checked=True)
    assert check_card(published) == []
    card = (published / "README.md").read_text(encoding="utf-8")
    digits = [found.start() for found in re.finditer(r"[0-9]", card)]
    numbers = list(re.finditer(r"[0-9]+", card))
    step = 20 if settings.quick else 1
    with open_bundle(published) as bundle:
        evidence = read_evidence(bundle)

        def found_out(changed: str) -> bool:
            return bool(compare_cards(changed, make_card(evidence, bundle, declared_in(changed), previous=changed)))

        missed = [place for place in digits[::step] if not found_out(_other_digit(card, place))]
        lost = [one for one in numbers[::step] if not found_out(card[: one.start()] + card[one.end() :])]
    tried = len(digits[::step]) + len(numbers[::step])
    yield Figure(
        name="publishing.card_check",
        title="Changed numbers of a card that its check finds",
        asked="100 %",
        measured=100 * (1 - (len(missed) + len(lost)) / tried),
        unit="%",
        met=not missed and not lost,
        how=f"the embedded sample's card: each of {len(digits[::step]):,} digits changed, each of "
        f"{len(numbers[::step]):,} numbers taken out, one at a time",
        details={"missed": [card[max(0, place - 30) : place + 30] for place in missed][:10]},
    )


def _other_digit(card: str, place: int) -> str:
    return f"{card[:place]}{(int(card[place]) + 1) % 10}{card[place + 1 :]}"
