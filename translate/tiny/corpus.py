"""Sentence pairs from the templates: rendering a fill in a language, and drawing pairs for training and test."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .fills import LANGUAGES, Filler, load_yaml

TEMPLATE_FILES = ("math_questions.yaml", "math_solutions.yaml", "api_requests.yaml", "api_dialogue.yaml")
_SLOT = re.compile(r"<([a-z]+2?)(?:\.([a-z]+))?>")
_PLACEHOLDER_SHARE = 0.25
# Slots whose value a translator may get as a placeholder.
MASKABLE = frozenset(
    ["a", "b", "k", "t", "e", "time", "date", "id", "title", "city", "city2", "cur", "cur2", "name", "name2"]
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One English sentence and its translation into ``language`` (BCP-47). ``template`` is its key."""

    template: str
    language: str
    source: str
    target: str


def templates() -> dict[str, dict[str, str]]:
    """All sentence templates: key -> language -> text with slots."""
    merged: dict[str, dict[str, str]] = {}
    for name in TEMPLATE_FILES:
        merged |= load_yaml(name)
    return merged


def slots(template: str) -> list[str]:
    """Names of the slots in reading order, each once."""
    return list(dict.fromkeys(match[1] for match in _SLOT.finditer(template)))


def render(template: str, fill: Mapping[str, str], language: str) -> str:
    """The sentence of a fill: ``obj`` is looked up in the language, all else is the same in every language."""

    def value(match: re.Match[str]) -> str:
        if match[1] != "obj" or "obj" not in fill:
            return fill[match[1]]
        forms = load_yaml("fills.yaml")["objects"][fill["obj"]]
        key = f"{language}.{match[2]}" if match[2] else language
        return str(forms[key])

    text = _SLOT.sub(value, template)
    return text[:1].upper() + text[1:] if template.startswith("<obj") else text


def sentence(key: str, fill: Mapping[str, str], language: str = "en") -> str:
    """The sentence of template ``key`` with this fill."""
    return render(templates()[key][language], fill, language)


def draw_fill(filler: Filler) -> dict[str, str]:
    """Values for every slot there is."""
    name, name2, thing = filler.people_and_object()
    city, city2 = filler.cities()
    currency, currency2 = filler.currencies()
    fill = {"name": name, "name2": name2, "obj": thing, "city": city, "city2": city2}
    fill |= {"cur": currency, "cur2": currency2, "title": filler.title(), "id": filler.identifier()}
    fill |= {"time": filler.time(), "date": filler.date(), "t": str(filler.degrees())}
    fill |= {"a": str(filler.amount()), "b": str(filler.amount()), "k": str(filler.small())}
    fill["e"] = _sum(filler)
    return fill


def draw_pair(filler: Filler, key: str, language: str) -> Pair:
    """A pair of template ``key``, nothing masked."""
    versions = templates()[key]
    fill = draw_fill(filler)
    return Pair(key, language, render(versions["en"], fill, "en"), render(versions[language], fill, language))


def draw_training_pair(filler: Filler) -> Pair:
    """A pair of any template and language; in a quarter of them values are masked by placeholders."""
    rng = filler.rng
    versions = templates()
    key, language = rng.choice(list(versions)), rng.choice(LANGUAGES)
    fill = draw_fill(filler)
    if rng.random() < _PLACEHOLDER_SHARE:
        fill |= _masked(versions[key]["en"], rng)
    return Pair(key, language, render(versions[key]["en"], fill, "en"), render(versions[key][language], fill, language))


def _masked(template: str, rng: random.Random) -> dict[str, str]:
    """Placeholders for some of a sentence's values: rare numbers (70000, …) or X0, X1, …, as the ladder sends."""
    maskable = [slot for slot in slots(template) if slot in MASKABLE]
    chosen = [slot for slot in maskable if rng.random() < 0.6]
    form = rng.choice(("7000{}", "X{}"))
    order = rng.sample(range(6), 6) if rng.random() < 0.3 else range(len(MASKABLE))
    return {slot: form.format(index) for slot, index in zip(chosen, order, strict=False)}


def _sum(filler: Filler) -> str:
    """A true sum over numbers of the filler's part; its result is of that part too when training."""
    while True:
        operator = filler.rng.choice("+-*/")
        a, b = filler.amount(), filler.number(2, 20) if operator in "*/" else filler.amount()
        if operator == "/":
            a, result = a * b, a
        else:
            result = {"+": a + b, "-": a - b, "*": a * b}[operator]
        if result < 2 or a > 9999:
            continue
        if not filler.held_out and any(filler.excludes(value) for value in (a, result)):
            continue
        return f"{a} {operator} {b} = {result}"
