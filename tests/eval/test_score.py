"""Samples: an output judged."""

from __future__ import annotations

from mlt.eval.engine import Output
from mlt.eval.items import Item, make_item
from mlt.eval.score import accuracy, score
from mlt.toolkit.records import Call, Gold


def call_item(lang: str, value: str) -> Item:
    gold = Gold(calls=(Call("Send", {"text": value}),))
    english = (Call("Send", {"text": "hello"}),)
    fields = {"group": "g", "test_set": "s", "source_calls": english if lang != "en" else None}
    return make_item(id="a", task="api", lang=lang, gold=gold, prompt="?", **fields)


def test_calls_are_scored_against_the_english_ones() -> None:
    sample = score(call_item("sw", "habari"), Output("API-Request: [Send(text='hello')]", "stop"))
    assert (sample["extracted"], sample["gold"]) == ("[Send(text='hello')]", "[Send(text='habari')]")
    assert sample["verdicts"] == {"strict": False, "normalised": False}
    assert sample["error"] == "wrong-language"


def test_an_output_without_a_call_has_nothing_extracted() -> None:
    sample = score(call_item("en", "hello"), Output("I cannot.", "stop"))
    assert (sample["extracted"], sample["error"]) == (None, "no-call")


def test_what_was_sent_stands_in_place_of_the_prompt() -> None:
    assert score(call_item("en", "hello"), Output("", None, sent="<user>?"))["prompt"] == "<user>?"


def test_accuracy_is_by_the_primary_verdict() -> None:
    rows = [
        ("math", "en", {"faithful": False, "robust": True}),
        ("math", "en", {"faithful": True, "robust": False}),
        ("math", "sw", {"faithful": False, "robust": True}),
        ("api", "sw", {"strict": False, "normalised": True}),
    ]
    found = accuracy({"task": task, "lang": lang, "verdicts": verdicts} for task, lang, verdicts in rows)
    assert found == {"math": {"en": 0.5, "sw": 1.0}, "api": {"sw": 0.0}}
