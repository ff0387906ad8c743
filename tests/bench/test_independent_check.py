"""The second opinion sees what it is there to see, and lets pass what is right."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest

from bench.independent_check import check_row, check_text, lost_numbers

ANSWER = "She sold 48/2 = <<48/2=24>>24 clips.\n#### 24"


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        (ANSWER, "Ela vendeu 48/2 = <<48/2=24>>24 clipes.\n#### 24", None),
        (ANSWER, "Ela vendeu 48/2 = 24 clipes.\n#### 24", "annotation"),
        (ANSWER, "Ela vendeu 48/2 = <<48/2=25>>24 clipes.\n#### 24", "annotation"),
        (ANSWER, "Ela vendeu 48/2 = <<48/2=24>>24 clipes.\n#### 25", "final answer"),
        (ANSWER, "Ela vendeu 48 e 2 = <<48/2=24>>24 clipes.\n#### 24", "arithmetic"),
        ("It has 1,500 rooms.", "Tem 1.500 quartos.", None),
        ("It has 1,500 rooms.", "Tem 1 500 quartos.", None),
        ("It costs $.50.", "Custa $0,50.", None),
        ("He has 3 and 3.", "Ele tem 3.", "number 3 is lost 1"),
        ("He has 24.", "তার ২৪টি আছে।", None),
        ("Version 1.2.3 is out.", "Saiu a versão 1.2.3.", None),
        ("Write to a.b@c.org.", "Escreva para a.b@c.com.", "address"),
        ("See `x = y` now.", "Veja `x=y` agora.", None),
        ("See `x` now.", "Veja x agora.", "code"),
        ("He sold it.", "Ele vendeu X0.", "placeholder"),
        ("Item X1 is here.", "O item X1 está aqui.", None),
    ],
)
def test_what_had_to_come_through_is_looked_for(source: str, target: str, problem: str | None) -> None:
    found = list(check_text(source, target))
    assert (not found) if problem is None else any(problem in line for line in found)


def test_a_number_in_another_style_is_the_same_number() -> None:
    assert not lost_numbers("1,234.5 and 7", "7 e 1.234,5")
    assert lost_numbers("1,234.5", "1.234,6") == {Decimal("1234.5"): 1}


def _row(content: str, **changes: Any) -> dict[str, Any]:
    call = {"name": "AddAlarm", "arguments": json.dumps({"label": "Gym", "at": "07:30"})}
    row = {
        "id": "a",
        "messages": [{"role": "user", "content": content, "calls": [], "call_id": None}],
        "target": "",
        "gold": {"answer": None, "calls": [call], "accepts": None},
    }
    return {**row, **changes}


def test_a_value_that_stood_in_the_request_must_stand_in_its_translation() -> None:
    source = _row("Set the Gym alarm for 07:30.")
    assert not list(check_row(source, _row("Defina o alarme Gym para 07:30.")))
    assert list(check_row(source, _row("Defina o alarme da academia para 07:30."))) == [
        "message 0: value 'Gym' is lost"
    ]


def test_a_changed_call_is_seen() -> None:
    source = _row("Set the Gym alarm for 07:30.")
    target = copy.deepcopy(source)
    target["gold"]["calls"][0]["arguments"] = json.dumps({"label": "Gym", "at": "07:31"})
    assert list(check_row(source, target)) == ["another gold call"]
