from __future__ import annotations

import re

import pytest

from mlt.data_cards.sources import hub_id, source_card
from mlt.toolkit.presets import presets


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_every_preset_has_a_card_of_its_own(preset) -> None:  # type: ignore[no-untyped-def]
    card = source_card(preset.hub)
    assert (card.name, card.dataset) == (preset.name, preset.hub)
    assert card.title and card.description and card.task
    assert all(line.startswith(("- ", "  ")) for line in card.limits.splitlines())
    assert re.match(r"```bibtex\n@\w+\{[^}]+,\n", card.citation)
    assert card.citation.count("{") == card.citation.count("}")


def test_the_sample_and_unknown_sources_have_cards_too() -> None:
    assert source_card("mlt-sample").name == "sample"
    assert source_card("rows.jsonl").name == source_card("someone/else").name == "generic"


def test_only_names_of_the_hub_are_hub_ids() -> None:
    assert hub_id("openai/gsm8k") == "openai/gsm8k"
    assert [hub_id(name) for name in ("mlt-sample", "rows.jsonl", "a/b/c", "a b/c", "a/b)")] == [None] * 5
