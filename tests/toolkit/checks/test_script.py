"""The share of letters in a language's script."""

import pytest

from mlt.toolkit.checks.script import script_share
from mlt.toolkit.languages import all_languages, resolve


@pytest.mark.parametrize(
    ("text", "code", "share"),
    [
        ("Habari ya asubuhi", "sw", 1.0),
        ("Habari ya asubuhi", "th", 0.0),
        ("สวัสดีตอนเช้า", "th", 1.0),
        ("私は東京タワーへ行く", "ja", 1.0),
        ("나는 學校에 간다", "ko", 1.0),
        ("你好，世界", "zh-Hans", 1.0),
        ("你好，世界", "zh-Hant", 1.0),
        ("你好，世界", "ja", 1.0),  # Han is Japanese, too: kana decide nothing here
        ("こんにちは", "zh-Hans", 0.0),
        ("ab你好", "zh-Hans", 0.5),
        ("আমি ভালো আছি", "bn", 1.0),
        ("Mo fẹ́ ra ọ̀pọ̀", "yo", 1.0),
        ("ᱥᱟᱱᱛᱟᱲᱤ", "sat", 1.0),
        ("مرحبا بالعالم", "ar", 1.0),
        ("Привет, мир", "sr", 1.0),
    ],
)
def test_share_of_letters_in_the_languages_script(text, code, share):
    assert script_share(text, resolve(code).language) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "12 + 30 = 42", "abc", "… 5 km!", "µµµµ ªº"[:4]])
def test_too_few_letters_give_no_answer(text):
    assert script_share(text, resolve("sw").language) is None


@pytest.mark.parametrize("language", all_languages(), ids=lambda language: language.code)
def test_every_script_of_the_registry_is_known_to_unicode(language):
    assert script_share("1234 ∑∑∑∑ абвг abcd 漢字仮名", language) in (0.0, pytest.approx(1 / 3))
