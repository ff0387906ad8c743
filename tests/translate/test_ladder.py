"""Each rung is climbed when the one below fails, and the first hypothesis that holds is published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlt.toolkit.languages import resolve
from mlt.toolkit.tasks.base import Protected
from mlt.translate.calibrate import Calibration
from mlt.translate.decode import NoPlans
from mlt.translate.engine import Decoding
from mlt.translate.ladder import Ladder, Outcome
from mlt.translate.placeholders import FORMS
from mlt.translate.units import Unit, plan_text

SW = resolve("sw").language
GOOD_FORMS = Calibration(
    1.0, {"X0": 1.0, "70000": 0.9} | {form.name: 0.0 for form in FORMS if form.name not in ("X0", "70000")}
)
SOLD = "Natalia sold 48/2 = <<48/2=24>>24 clips."


def climb(
    make_decoder: Any, answer: Any, text: str, calibration: Calibration = GOOD_FORMS, climb: bool = True
) -> tuple[Outcome, list[str]]:
    decoder = make_decoder(answer, SW)
    (unit,) = plan_text(text, [Protected("John", "John")]).units
    ladder = Ladder(decoder, SW, Decoding(2), lambda: calibration, NoPlans(), climb)
    return ladder.run([unit])[unit], decoder.engine.texts


def test_a_good_translation_is_sent_once(make_decoder: Callable[..., Any]) -> None:
    outcome, asked = climb(make_decoder, lambda t, d: ["Natalia aliuza 48/2 = 24."], SOLD)
    assert (outcome.rung, outcome.text) == ("direct", "Natalia aliuza 48/2 = <<48/2=24>>24.")
    assert asked == ["Natalia sold 48/2 = 24 clips."]


def test_a_larger_beam_offers_further_hypotheses(make_decoder: Callable[..., Any]) -> None:
    outcome, _ = climb(make_decoder, lambda t, d: ["Natalia aliuza.", "Natalia 24.", "Natalia aliuza 48/2 = 24."], SOLD)
    assert (outcome.rung, outcome.flags) == ("n-best", ("hypothesis 3",))


def test_a_penalty_ends_a_loop(make_decoder: Callable[..., Any]) -> None:
    def answer(text: str, decoding: Decoding) -> list[str]:
        return ["Ana kalamu." if decoding.repetition_penalty > 1 else "kalamu " * 30] * 4

    outcome, _ = climb(make_decoder, answer, "She has red pens.")
    assert (outcome.rung, outcome.text) == ("penalty", "Ana kalamu.")


def test_the_best_placeholder_is_used_when_the_span_does_not_survive(make_decoder: Callable[..., Any]) -> None:
    def answer(text: str, decoding: Decoding) -> list[str]:
        return ["Natalia aliuza klipu X0." if "X0" in text else "Natalia aliuza klipu."] * 4

    outcome, asked = climb(make_decoder, answer, SOLD)
    assert (outcome.rung, outcome.flags) == ("placeholder", ("form X0",))
    assert outcome.text == "Natalia aliuza klipu 48/2 = <<48/2=24>>24."
    assert "Natalia sold X0 clips." in asked


def test_the_next_form_is_tried_after_the_best(make_decoder: Callable[..., Any]) -> None:
    def answer(text: str, decoding: Decoding) -> list[str]:
        return ["Natalia aliuza klipu 70000." if "70000" in text else "Natalia aliuza klipu."] * 4

    outcome, _ = climb(make_decoder, answer, SOLD)
    assert (outcome.rung, outcome.flags) == ("placeholder", ("form 70000",))


def test_a_number_that_is_lost_becomes_a_placeholder(make_decoder: Callable[..., Any]) -> None:
    outcome, _ = climb(
        make_decoder, lambda t, d: ["Ana kalamu X0." if "X0" in t else "Ana kalamu tatu."] * 4, "She has 3 pens."
    )
    assert (outcome.rung, outcome.text) == ("placeholder", "Ana kalamu 3.")


def test_the_text_around_a_span_is_translated_alone_at_last(make_decoder: Callable[..., Any]) -> None:
    pieces = {"Natalia sold": "Natalia aliuza", "clips.": "klipu."}
    outcome, _ = climb(make_decoder, lambda t, d: [pieces.get(t, "hapana")] * 4, SOLD)
    assert (outcome.rung, outcome.text) == ("split", "Natalia aliuza 48/2 = <<48/2=24>>24 klipu.")


def test_numbers_are_cut_out_too_if_nothing_else_holds(make_decoder: Callable[..., Any]) -> None:
    outcome, _ = climb(
        make_decoder, lambda t, d: [{"She has": "Ana", "pens.": "kalamu."}.get(t, "hapana")] * 4, "She has 3 pens."
    )
    assert (outcome.rung, outcome.text) == ("split", "Ana 3 kalamu.")


def test_what_never_holds_is_refused_with_its_first_reason_and_attempt(make_decoder: Callable[..., Any]) -> None:
    outcome, _ = climb(make_decoder, lambda t, d: [""] * 4, SOLD)
    assert outcome.rung is None and outcome.refused is not None
    assert outcome.refused.reason == "empty"


def test_placeholders_come_first_where_spans_do_not_survive(make_decoder: Callable[..., Any]) -> None:
    poor = Calibration(0.1, GOOD_FORMS.forms)
    outcome, asked = climb(make_decoder, lambda t, d: ["Natalia aliuza X0."] * 4, SOLD, poor)
    assert (outcome.rung, asked) == ("placeholder", ["Natalia sold X0 clips."])


def test_without_the_ladder_only_the_first_attempt_is_made(make_decoder: Callable[..., Any]) -> None:
    outcome, asked = climb(make_decoder, lambda t, d: ["hapana"], SOLD, climb=False)
    assert outcome.refused is not None and len(asked) == 1


def test_equal_texts_are_sent_once(make_decoder: Callable[..., Any]) -> None:
    decoder = make_decoder(lambda t, d: ["Habari."], SW)
    ladder = Ladder(decoder, SW, Decoding(2), lambda: GOOD_FORMS, NoPlans())
    outcomes = ladder.run([Unit("Hello there."), Unit("Hello there."), Unit("Good day.")])
    assert len(outcomes) == 2 and sorted(decoder.engine.texts) == ["Good day.", "Hello there."]


@pytest.mark.parametrize("text", [SOLD, "Call John at 5.", "She has 3 pens and 4 + 5 = 9 cups."])
def test_no_published_unit_has_lost_a_span_whatever_the_engine_says(
    make_decoder: Callable[..., Any], text: str
) -> None:
    # The engine drops every other word: whatever comes out is either whole or refused.
    outcome, _ = climb(make_decoder, lambda t, d: [" ".join(t.split()[k % 2 :: 2]) for k in range(4)], text)
    (unit,) = plan_text(text, [Protected("John", "John")]).units
    if outcome.refused is None:
        assert all(span.restore in outcome.text for span in unit.spans)
