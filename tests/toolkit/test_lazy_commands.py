"""Lazy commands: the list needs no signature, a chosen command has all of its options."""

import sys
from typing import Any

import pytest
import typer

from mlt.toolkit.exits import run_app
from mlt.toolkit.lazy_commands import LazyTyper, made_out


@pytest.fixture
def app() -> LazyTyper:
    app, inner = LazyTyper(help="All of it."), LazyTyper(help="Inner ones.")
    app.add_typer(inner, name="inner")

    @app.command(epilog="Example: greet Ada")
    def greet(name: str, times: int = 1) -> None:
        """Say hello."""
        print(f"hello {name} " * times)

    @inner.command("deep")
    def deep_(loud: bool = False) -> None:
        """Go deep."""
        print("DEEP" if loud else "deep")

    return app


def test_list_of_commands_shows_their_first_lines(app: LazyTyper, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(app, ["--help"]) == 0
    out = capsys.readouterr().out
    assert "greet" in out and "Say hello." in out and "Inner ones." in out


def test_chosen_command_takes_its_arguments_and_options(app: LazyTyper, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(app, ["greet", "Ada", "--times", "2"]) == 0
    assert run_app(app, ["inner", "deep", "--loud"]) == 0
    assert capsys.readouterr().out == "hello Ada hello Ada \nDEEP\n"


def test_help_of_a_command_is_whole_and_names_its_path(app: LazyTyper, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(app, ["greet", "--help"]) == 0
    out = capsys.readouterr().out
    assert "mlt greet" in out and "--times" in out and "Example: greet Ada" in out


@pytest.mark.parametrize("arguments", [["gret"], ["greet"], ["greet", "Ada", "--tims", "2"], ["inner", "deeper"]])
def test_wrong_usage_is_refused(app: LazyTyper, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(app, arguments) == 2
    assert capsys.readouterr().err


def test_listing_reads_no_signature(app: LazyTyper) -> None:
    group: Any = typer.main.get_command(app)
    assert group.commands["greet"].params == []
    assert {parameter.name for parameter in made_out(group.commands["greet"]).params} == {"name", "times"}


def test_other_objects_come_back_as_they_are() -> None:
    assert made_out(sys) is sys
