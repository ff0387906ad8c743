"""What is published and what is refused, hypothesis by hypothesis."""

from __future__ import annotations

import pytest

from mlt.toolkit.languages import resolve
from mlt.toolkit.tasks.base import Protected
from mlt.translate.engine import Hypothesis
from mlt.translate.placeholders import FORMS, Shown, show_as, show_as_is, with_numbers
from mlt.translate.units import Unit, plan_text
from mlt.translate.verify import Accepted, Refused, judge

SW, TH, ES, JA = (resolve(code).language for code in ("sw", "th", "es", "ja"))
BY_NAME = {form.name: form for form in FORMS}


def unit(text: str, *values: str) -> Unit:
    (found,) = plan_text(text, [Protected(value, value) for value in values]).units
    return found


def direct(text: str, *values: str) -> Shown:
    shown = show_as_is(unit(text, *values))
    assert shown is not None
    return shown


SOLD = "Natalia sold 48/2 = <<48/2=24>>24 clips."
REFUSALS = [
    # source, hypothesis, reason
    (SOLD, Hypothesis("  "), "empty"),
    (SOLD, Hypothesis("Natalia aliuza", ended=False), "no-end-token"),
    (SOLD, Hypothesis("Natalia aliuza 48/2 = 24", unknown=True), "unk"),
    (SOLD, Hypothesis("Natalia aliuza klipu 24."), "span-lost"),
    (SOLD, Hypothesis("Natalia aliuza klipu 48/2 = 25."), "span-lost"),
    (SOLD, Hypothesis("Natalia aliuza 48/2 = 24 na 48/2 = 24."), "span-lost"),
    ("She has 12 red pens.", Hypothesis("Ana kalamu nyekundu 13."), "number-lost"),
    ("She has 12 red pens.", Hypothesis("Ana kalamu nyekundu."), "number-lost"),
    ("She has red pens.", Hypothesis("Ana kalamu 40 nyekundu."), "number-added"),
    ("She has red pens.", Hypothesis("Ana " + "kalamu nyekundu " * 20), "loop"),
    ("She has many red pens and blue pens at home.", Hypothesis("Ana"), "length"),
    ("She has many red pens at home.", Hypothesis("Она имеет много ручек дома."), "script"),
]


@pytest.mark.parametrize(
    ("source", "hypothesis", "reason"), REFUSALS, ids=[r[2] + str(i) for i, r in enumerate(REFUSALS)]
)
def test_refused(source: str, hypothesis: Hypothesis, reason: str) -> None:
    verdict = judge(direct(source), hypothesis, SW)
    assert isinstance(verdict, Refused)
    assert verdict.reason == reason


def test_annotations_come_back_at_their_number() -> None:
    verdict = judge(direct(SOLD), Hypothesis("Natalia aliuza klipu 48/2=24."), SW)
    assert isinstance(verdict, Accepted)
    assert verdict.text == "Natalia aliuza klipu 48/2 = <<48/2=24>>24."
    assert verdict.surface == "Natalia aliuza klipu 48/2 = 24."


def test_the_second_of_two_equal_numbers_stays_the_second() -> None:
    shown = direct("The 8 boys ate 4 boxes of 2, that is <<4*2=8>>8 figs.")
    verdict = judge(shown, Hypothesis("Wavulana 8 walikula masanduku 4 ya 2, yaani tini 8."), SW)
    assert isinstance(verdict, Accepted)
    assert verdict.text == "Wavulana 8 walikula masanduku 4 ya 2, yaani tini <<4*2=8>>8."


def test_a_name_may_be_said_twice_but_not_be_dropped() -> None:
    shown = direct("Call John now please.", "John")
    assert isinstance(judge(shown, Hypothesis("Mpigie John, John sasa."), SW), Accepted)
    assert isinstance(judge(shown, Hypothesis("Mpigie Yohana sasa tafadhali."), SW), Refused)


def test_values_are_found_in_scripts_without_spaces() -> None:
    assert isinstance(judge(direct("Call John now.", "John"), Hypothesis("今すぐJohnに電話して。"), JA), Accepted)


def test_local_digits_count_as_numbers_but_not_as_spans() -> None:
    assert isinstance(judge(direct("He has 18 red pens."), Hypothesis("เขามีปากกาสีแดง ๑๘ ด้าม"), TH), Accepted)
    assert isinstance(judge(direct("So 9 + 9 = 18 pens."), Hypothesis("ดังนั้น ๙ + ๙ = ๑๘ ด้าม"), TH), Refused)


def test_a_placeholder_comes_back_as_its_span() -> None:
    shown = show_as(unit(SOLD), BY_NAME["X0"])
    assert shown is not None and shown.text == "Natalia sold X0 clips."
    verdict = judge(shown, Hypothesis("Natalia aliuza klipu X0."), SW)
    assert isinstance(verdict, Accepted)
    assert verdict.text == "Natalia aliuza klipu 48/2 = <<48/2=24>>24."


@pytest.mark.parametrize(
    ("output", "reason"), [("klipu X0 X0.", "span-lost"), ("klipu X0 na X1.", "residue"), ("klipu.", "span-lost")]
)
def test_a_mangled_placeholder_is_refused(output: str, reason: str) -> None:
    shown = show_as(unit(SOLD), BY_NAME["X0"])
    assert shown is not None
    verdict = judge(shown, Hypothesis(f"Natalia aliuza {output}"), SW)
    assert isinstance(verdict, Refused)
    assert verdict.reason == reason


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("X0", "Take X1 and 3+4=7."),
        ("70000", "Pay 70001 or 3+4=7."),
        ("[0]", "See [1] or 3+4=7."),
        ("A0B", "a1b or 3+4=7 x."),
    ],
)
def test_a_form_whose_like_stands_in_the_source_is_not_used(form: str, text: str) -> None:
    assert show_as(unit(text), BY_NAME[form]) is None


def test_numbers_can_become_spans() -> None:
    spans = with_numbers(unit("He has 3 cats, 1,200 dogs and 2+2=4 cows."))
    assert [span.restore for span in spans.spans] == ["3", "1,200", "2+2=4"]
    assert spans.restored == "He has 3 cats, 1,200 dogs and 2+2=4 cows."


def test_language_checks_abstain_for_an_engine_that_copies() -> None:
    shown = direct("She has many red pens at home.")
    assert isinstance(judge(shown, Hypothesis(shown.text), TH, translates=False), Accepted)
    assert isinstance(judge(shown, Hypothesis(shown.text), TH), Refused)
    copied = judge(shown, Hypothesis(shown.text), ES)
    assert isinstance(copied, Accepted) and copied.copied
