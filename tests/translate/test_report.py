"""What the tables of a run and of a dry run say."""

from typing import Any

import pytest

from mlt.translate.report import show_estimate, show_result


def lines(capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    return [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]


def counts(**changes: Any) -> dict[str, Any]:
    return {"in": 10, "out": 10, "rejected": {}, "units": 20, "units_per_s": 5.0, "rungs": {}} | changes


def test_reasons_are_summed_and_the_most_frequent_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    rejected = {"loop": 1, "span-lost": 4, "length": 1}
    show_result({"languages": {"sw": counts(out=4, rejected=rejected)}})
    row = ["sw", "10", "4", "6:", "span-lost", "4,", "length", "1,", "loop", "1", "5"]
    assert row in lines(capsys)


@pytest.mark.parametrize(("rate", "shown"), [(None, []), (0.1234, ["0.123"]), (56.78, ["56.8"]), (1234.5, ["1,234"])])
def test_rates_have_three_digits_that_count(
    rate: float | None, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    show_result({"languages": {"sw": counts(units_per_s=rate)}})
    assert ["sw", "10", "10", "0", *shown] in lines(capsys)


def test_rungs_are_shares_of_the_units_and_english_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    rungs = {"rejected": 1, "split": 9, "direct": 9990}
    show_result({"languages": {"en": counts(), "sw": counts(rungs=rungs)}})
    shown = lines(capsys)
    assert shown[-3] == ["units", "by", "rung", "direct", "split", "rejected"]
    assert shown[-1] == ["sw", "99.9", "%", "<", "0.1", "%", "<", "0.1", "%"]


def test_text_of_a_run_is_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show_result({"languages": {"[red]sw[/red]": counts(rejected={"[bold]": 1})}})
    shown = lines(capsys)
    assert shown[-1][0] == "[red]sw[/red]" and "[bold]" in shown[-1]


def test_estimate_of_nothing_to_send_has_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    entry = {"source_tokens": 0, "unknown_rate": 0.0, "estimated_seconds": None, "units_per_s": None}
    facts = {"rows": 1, "records": 0, "units": 0, "unique_units": 0, "rejected": {"no-question": 1}}
    show_estimate(facts | {"languages": {"sw": entry}, "licenses": {"model": None}})
    shown = lines(capsys)
    assert ["1", "0", "0", "0", "1:", "no-question", "1"] in shown
    assert ["sw", "0", "0.00", "%"] in shown
    assert shown[-1] == ["model", "unknown"]
