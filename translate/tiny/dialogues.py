"""The API dialogues of the sample, in API-Bank's format."""

from __future__ import annotations

import json
from typing import Any

from .corpus import draw_fill, sentence
from .fills import Filler, load_yaml

_INSTRUCTION = """
Generate an API request in the format of [ApiName(key1='value1', key2='value2', ...)] based on the dialogue.

API descriptions:
"""
_SPEAKERS = {"user": "User", "ai": "AI"}


def flows() -> list[list[str]]:
    """How the dialogues run; see ``templates/dialogues.yaml``."""
    return list(load_yaml("dialogues.yaml")["flows"])


def api_names(flow: list[str]) -> list[str]:
    """The APIs that a flow calls, in order, each once."""
    return list(dict.fromkeys(turn.split()[1] for turn in flow if turn.startswith("call ")))


def draw_dialogue(flow: list[str], filler: Filler, *, described: list[str]) -> dict[str, Any]:
    """A row in API-Bank's format; ``described`` names the APIs whose descriptions the instruction ends with."""
    fill = draw_fill(filler)
    lines = [_turn(turn, fill) for turn in flow[:-1]]
    return {
        "instruction": _INSTRUCTION + "\n".join(_description(name) for name in described),
        "input": "\n".join(lines) + "\nGenerate API Request:\n",
        "expected_output": _turn(flow[-1], fill),
    }


def _turn(turn: str, fill: dict[str, str]) -> str:
    kind, *words = turn.split()
    if kind != "call":
        return f"{_SPEAKERS[kind]}: " + " ".join(sentence(word, fill) for word in words)
    name, *pairs = words
    types = load_yaml("apis.yaml")[name]
    split = pairs.index("->") if "->" in pairs else len(pairs)
    arguments = _values(pairs[:split], types["input"], fill)
    call = f"API-Request: [{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})]"
    results = _values(pairs[split + 1 :], types["output"], fill)
    return f"{call}->{results!r}" if results else call


def _values(pairs: list[str], types: dict[str, list[str]], fill: dict[str, str]) -> dict[str, str | int]:
    """``["time=time", "sky='rainy'"]`` as values: a slot's fill, or the quoted word itself."""
    values: dict[str, str | int] = {}
    for pair in pairs:
        key, _, slot = pair.partition("=")
        text = slot.strip("'") if slot.startswith("'") else fill[slot]
        values[key] = int(text) if types[key][0] == "int" else text
    return values


def _description(name: str) -> str:
    api = load_yaml("apis.yaml")[name]

    def parameters(part: str) -> dict[str, dict[str, str]]:
        return {key: {"type": kind, "description": text} for key, (kind, text) in api[part].items()}

    return json.dumps(
        {
            "name": name,
            "description": api["description"],
            "input_parameters": parameters("input"),
            "output_parameters": parameters("output"),
        }
    )
