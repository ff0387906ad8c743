"""Numbers that a translator writes instead of those of the English."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit.checks.equivalents import RULES, Scene
from mlt.toolkit.checks.number_units import near
from mlt.toolkit.checks.number_words import SaidNumbers
from mlt.toolkit.checks.numbers import unmatched_numbers
from mlt.toolkit.languages import ENGLISH, all_languages, resolve


def left_over(rule, source, target, code):
    """The numbers that the rule leaves unexplained."""
    language = resolve(code).language if isinstance(code, str) else code
    missing, extra = unmatched_numbers(source, target, ENGLISH, language)
    scene = Scene(source, target, language, missing, extra, SaidNumbers(target, language))
    RULES[rule](scene)
    return [n.text for n in scene.missing], [n.text for n in scene.extra]


@pytest.mark.parametrize(
    ("rule", "source", "target", "code"),
    [
        ("clock", "We meet at 3 p.m. today", "Nos vemos hoy a las 15:00", "es"),
        ("clock", "We meet at 2pm", "Nos vemos a las dos de la tarde", "es"),
        ("clock", "We meet at 3 p.m. today", "Tunakutana leo saa 9 mchana", "sw"),
        ("clock", "We meet at 1 p.m.", "Tunakutana saa saba mchana", "sw"),
        ("clock", "We met at 7.55am", "Tulikutana saa 1.55 asubuhi", "sw"),
        ("clock", "We met at 19:30 BST", "Tulikutana saa 1:30", "sw"),
        ("clock", "open from 1:00 PM to 5:00 PM", "เปิดตั้งแต่ 13.00 น. ถึง 17.00 น.", "th"),
        ("clock", "We sail from 1 to 4 PM", "Tunasafiri saa 7 hadi saa 10", "sw"),
        ("clock", "at about 09:30 BST", "সকাল সাড়ে ৯ টায়", "bn"),
        ("clock", "at about 10:15", "সোয়া ১০টায়", "bn"),
        ("clock", "at 4.40 am", "ní aago márùn-ku-ogún ìṣẹ́jú", "yo"),
        ("decade", "built in the 1930s", "construido en los años 30", "es"),
        ("decade", "built in the 1930s", "建于 20 世纪 30 年代", "zh"),
        ("decade", "built in the 1980s", "建于上世纪八十年代", "zh"),
        ("decade", "in the 1980s", "ní ọdún 1980 sí 1989", "yo"),
        ("century", "a 19th century house", "huset från 1800-talet", "sv"),
        ("roman", "a 19th century house", "una casa del siglo XIX", "es"),
        ("roman", "World War II ended", "第2次世界大戦が終わった", "ja"),
        ("unit", "30 yards from the goal", "a 27 metros de la portería", "es"),
        ("unit", "waves of 20 feet", "olas de seis metros", "es"),
        ("unit", "winds of 85 mph", "vientos de 136 km/h", "es"),
        ("unit", "3 to 6 inches of rain", "entre 7 y 15 centímetros de lluvia", "es"),
        ("unit", "a 650 pound pig", "un cerdo de 295 kilos", "es"),
        ("unit", "it was 80 degrees", "había 26 grados", "es"),
        ("unit", "the 6-foot-6 player", "der 1,98 m große Spieler", "de"),
        ("unit", "about a mile away", "etwa 1,6 Kilometer entfernt", "de"),
        ("unit", "45 miles (72 kilometers) away", "a 72 kilómetros", "es"),
        ("unit", ".5 hours every day", "毎日30分", "ja"),
        ("percent", "I am 100 percent certain", "estoy totalmente seguro", "es"),
        ("repeat", "the 400-meter hurdles and the 400-meter hurdles", "los 400 metros vallas", "es"),
        ("repeat", "It has 3 meals", "3回の食事、3回目も", "ja"),
    ],
)
def test_a_rule_explains(rule, source, target, code):
    assert left_over(rule, source, target, code) == ([], [])


@pytest.mark.parametrize(
    ("rule", "source", "target", "code"),
    [
        ("clock", "We meet at 3 p.m.", "Nos vemos a las 16:00", "es"),
        ("clock", "We meet at 3 p.m.", "Nos vemos a las 9", "es"),
        ("clock", "We have 3 dogs", "Tenemos 15 perros", "es"),
        ("clock", "We met at 19:30", "Nos vimos a las 19:40", "es"),
        ("decade", "built in the 1930s", "construido en los años 40", "es"),
        ("decade", "built in 1930", "construido en 30", "es"),
        ("roman", "a 19th century house", "una casa del siglo XVIII", "es"),
        ("unit", "30 yards from the goal", "a 37 metros", "es"),
        ("unit", "30 apples", "27 manzanas", "es"),
        ("unit", "2 to 4 inches of rain", "2 至 9 英寸", "zh"),
        ("unit", "800 kph (497 mph)", "800 km/h ( mph)", "es"),
        ("clock", "We met at 10:15", "Nos vimos a las 22:15", "es"),
        ("clock", "We meet at 3 a.m.", "Nos vemos a las 15:00", "es"),
        ("unit", "six meters (18 feet) high", "海浪高六米（英尺）", "zh"),
        ("percent", "100 percent certain", "asilimia kuwa hakika", "sw"),
        ("percent", "100 percent of 20 eggs", "todos los 20 huevos", "es"),
        ("repeat", "3 cats and 3 dogs", "3 gatos y perros", "es"),
        ("repeat", "3 cats and 4 dogs", "3 gatos y 5 perros", "es"),
    ],
)
def test_a_rule_does_not_explain_another_number(rule, source, target, code):
    missing, extra = left_over(rule, source, target, code)
    assert missing or extra


@pytest.mark.parametrize(
    ("exact", "rounded", "expected"),
    [
        ("27.43", 27, True),
        ("619.6", 620, True),
        ("321.9", 321, True),
        ("2.54", 2, True),
        ("2.54", "2.5", True),
        ("64.4", 65, True),
        ("64.4", 67, False),
        ("804.7", 800, True),
        ("321.9", 328, False),
        ("6.1", 7, True),
        ("6.1", 8, False),
    ],
)
def test_how_people_round(exact, rounded, expected):
    assert near(Decimal(exact), Decimal(str(rounded))) is expected


@given(st.sampled_from(list(RULES)), st.text(), st.text(), st.sampled_from(all_languages()))
def test_rules_only_take_away(rule, source, target, language):
    missing, extra = unmatched_numbers(source, target, ENGLISH, language)
    left = left_over(rule, source, target, language)
    assert set(left[0]) <= {n.text for n in missing}
    assert set(left[1]) <= {n.text for n in extra}


@given(
    st.sampled_from(list(RULES)),
    st.text(alphabet="0123456789:., -°'amp XVI", max_size=60),
    st.text(alphabet="0123456789:.,() XVI", max_size=60),
)
def test_rules_survive_anything_like_numbers(rule, source, target):
    assert len(left_over(rule, source + " inches 3 p.m. 1930s", target, "sw")) == 2
