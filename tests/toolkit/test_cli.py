"""The front door: help without weight, one-line errors, exit codes, data on stdout and the rest on stderr."""

import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mlt.toolkit import cli
from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError

COMMANDS = [
    [],
    ["translate"],
    ["languages"],
    ["models"],
    ["doctor"],
    ["cache"],
    ["cache", "list"],
    ["cache", "size"],
    ["cache", "evict"],
]
HEAVY = [
    "torch",
    "transformers",
    "datasets",
    "pyarrow",
    "ctranslate2",
    "numpy",
    "babel",
    "huggingface_hub",
    "sentencepiece",
    "tokenizers",
    "openai",
]
MANIFEST = {
    "languages": {
        "sw": {
            "in": 200,
            "out": 197,
            "rejected": {"number-lost": 2, "span-lost": 1},
            "units": 900,
            "units_per_s": 312.4,
            "rungs": {"direct": 870, "placeholder": 30},
        },
        "th": {"in": 200, "out": 200, "rejected": {}, "units": 900, "units_per_s": None, "rungs": {}},
    }
}
ESTIMATE = {
    "rows": 1200,
    "records": 1200,
    "units": 5000,
    "unique_units": 4100,
    "languages": {"sw": {"source_tokens": 81234, "unknown_rate": 0.0012, "estimated_seconds": 75, "units_per_s": 54.3}},
    "licenses": {"source": "mit", "model": "cc-by-nc-4.0"},
}


def run(*args: str) -> int:
    return cli.main(list(args))


def fake_translate(asked: list[dict[str, Any]]) -> Any:
    def translate(source: str | None = None, **options: Any) -> SimpleNamespace:
        asked.append({"source": source, **options})
        options["progress"].note("zh is read as zh-Hans")
        return SimpleNamespace(path="runs/sample-tiny", where="runs/sample-tiny", manifest=MANIFEST)

    return translate


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Stands in for the pipeline; the list holds what it was called with."""
    asked: list[dict[str, Any]] = []

    def estimate(source: str | None = None, **options: Any) -> dict[str, Any]:
        asked.append({"source": source, **options})
        return ESTIMATE

    monkeypatch.setattr("mlt.translate.api.translate", fake_translate(asked))
    monkeypatch.setattr("mlt.translate.dryrun.estimate", estimate)
    return asked


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes the pipeline raise."""

    def make(error: BaseException) -> None:
        def translate(source: str | None = None, **options: Any) -> None:
            raise error

        monkeypatch.setattr("mlt.translate.api.translate", translate)

    return make


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_loads_no_heavy_library_and_shows_an_example(command: list[str]) -> None:
    code = (
        "import sys; from mlt.toolkit.cli import main; code = main(sys.argv[1:]); "
        f"print('LOADED', [name for name in {HEAVY} if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED [] 0"
    assert "Example" in done.stdout
    assert done.stderr == ""


def test_no_command_shows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert "translate" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("mlt ")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["translate"], "Missing option '--langs'"),
        (["translate", "--langs"], "--langs"),
        (["translate", "--lags", "sw"], "--lags"),
        (["trnslate"], "translate"),
        (["translate", "--langs", "sw", "--task", "mth"], "mth"),
        (["translate", "--langs", "sw", "--beam-size", "0"], "--beam-size"),
        (["translate", "--langs", "sw", "--limit", "x"], "--limit"),
        (["translate", "--langs", "sw", "--columns", "a"], "--columns 'a'"),
        (["languages", "xyzzy"], "xyzzy"),
        (["cache", "evict"], "say what to evict"),
        (["cache", "evict", "--max-size", "big"], "--max-size big"),
        (["cache", "evict", "--older-than", "-1"], "--older-than"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_errors_leave_with_2_in_at_most_two_lines(
    args: list[str], expected: str, api: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*args) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines[0].startswith("error: ") and expected in lines[0]
    assert len(lines) <= 2 and all(line.startswith("Try '") for line in lines[1:])
    assert api == []


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("--model x: no such model"), 2, "error: --model x: no such model"),
        (DataError("run.json is\n  damaged"), 3, "error: run.json is damaged"),
        (EnvironmentProblem("the Hub cannot be reached"), 3, "error: the Hub cannot be reached"),
        (OSError(28, "No space left on device", "/runs/x"), 3, "error: No space left on device: /runs/x"),
        (
            ValueError("[bold]x[/bold]"),
            1,
            "error: unexpected ValueError: [bold]x[/bold]; run again with --debug to see where",
        ),
    ],
    ids=["usage", "data", "environment", "disk full", "bug"],
)
def test_errors_are_one_line_and_an_exit_code(
    error: Exception, code: int, line: str, failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(error)
    assert run("translate", "--langs", "sw") == code
    assert capsys.readouterr() == ("", line + "\n")


@pytest.mark.parametrize("place", [0, 1, 3])
def test_debug_shows_the_traceback_wherever_it_stands(
    place: int, failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ValueError("x"))
    args = ["translate", "--langs", "sw"]
    args.insert(place, "--debug")
    assert run(*args) == 1
    assert "Traceback" in capsys.readouterr().err


def test_interrupted_leaves_with_130_and_says_how_to_go_on(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(KeyboardInterrupt())
    assert run("translate", "--langs", "sw", "--model", "tiny") == 130
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "the same command goes on where this one stopped" in shown.err
    assert shown.err.endswith("interrupted\n")


def test_sigterm_is_treated_like_ctrl_c(tmp_path: Path) -> None:
    code = (
        "import sys, time, types\n"
        "def translate(source=None, **options):\n"
        "    print('started', flush=True)\n"
        "    time.sleep(60)\n"
        "sys.modules['mlt.translate.api'] = types.SimpleNamespace(translate=translate)\n"
        "from mlt.toolkit.cli import main\n"
        "sys.exit(main(['translate', '--langs', 'sw']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"started\n"
        os.kill(process.pid, signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.endswith(b"interrupted\n") and b"Traceback" not in err


def test_translate_passes_every_option_on(api: list[dict[str, Any]], tmp_path: Path) -> None:
    options = (
        "--langs sw,yor,zh --task math --model identity --model-for sw=tiny -o OUT --split test --limit 7 "
        "--columns a=b,c=d --arguments translate --tools translate --segment line --beam-size 2 --n-best 3 "
        "--length-penalty 1.2 --repetition-penalty 1.1 --device cpu --workers 2 --compute-type int8 "
        "--force --shard-size 10 --argument-table TABLE --cache-dir CACHE --shortlist script --executor ray "
        "--address auto --cpus-per-worker 4 --gpus-per-worker 0.5 --shard 3/64"
    )
    assert run("translate", "rows.jsonl", *options.split()) == 0
    [asked] = api
    del asked["progress"]
    assert asked == {
        "source": "rows.jsonl",
        "langs": "sw,yor,zh",
        "task": "math",
        "model": "identity",
        "model_for": "sw=tiny",
        "out": "OUT",
        "split": "test",
        "limit": 7,
        "columns": {"a": "b", "c": "d"},
        "arguments": "translate",
        "tools": "translate",
        "argument_table": Path("TABLE"),
        "segment": "line",
        "beam_size": 2,
        "n_best": 3,
        "length_penalty": 1.2,
        "repetition_penalty": 1.1,
        "device": "cpu",
        "workers": 2,
        "compute_type": "int8",
        "force": True,
        "shard_size": 10,
        "cache_dir": Path("CACHE"),
        "shortlist": "script",
        "executor": "ray",
        "address": "auto",
        "cpus_per_worker": 4.0,
        "gpus_per_worker": 0.5,
        "shard": "3/64",
    }


def test_options_exist_in_the_python_api_with_the_same_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlt.translate import api as real

    defaults = {
        name: parameter.default
        for function in (real.prepare, real.translate)
        for name, parameter in inspect.signature(function).parameters.items()
    }
    monkeypatch.setattr(real, "translate", fake_translate(asked := []))
    assert run("translate", "--langs", "sw") == 0
    passed = {name: value for name, value in asked[0].items() if name not in {"langs", "progress"}}
    assert passed == {name: defaults[name] for name in passed}


def test_result_is_on_stdout_and_notes_are_on_stderr(
    api: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("translate", "--langs", "sw,zh", "--model", "tiny") == 0
    shown = capsys.readouterr()
    lines = [line.split() for line in shown.out.splitlines() if line.strip()]
    assert ["sw", "200", "197", "3:", "number-lost", "2,", "span-lost", "1", "312"] in lines
    assert ["th", "200", "200", "0"] in lines
    assert ["sw", "96.7", "%", "3.3", "%"] in lines
    assert lines[-1] == ["runs/sample-tiny"]
    assert "zh is read as zh-Hans" in shown.err


def test_json_result_is_the_path_and_the_manifest(
    api: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("translate", "--langs", "sw", "--model", "tiny", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"path": "runs/sample-tiny", "manifest": MANIFEST}


def test_dry_run_prints_amounts_time_and_licences(
    api: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("translate", "--langs", "sw", "--dry-run") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["1,200", "1,200", "5,000", "4,100", "0"] in lines
    assert ["sw", "81,234", "0.12", "%", "54.3", "1:15"] in lines
    assert ["model", "cc-by-nc-4.0"] in lines
    assert "out" not in api[0] and "force" not in api[0]


def test_dry_run_as_json(api: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("translate", "--langs", "sw", "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out) == ESTIMATE


def test_languages_as_json_are_found_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("languages", "yoruba", "--json") == 0
    assert [found["code"] for found in json.loads(capsys.readouterr().out)] == ["yo"]


@pytest.mark.parametrize(("query", "code"), [("pt-BR", "pt"), ("swh_latn", "sw"), ("Thai", "th")])
def test_languages_are_found_in_any_accepted_form(query: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("languages", query) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:] if line.strip()] == [code]


def test_all_languages_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("languages", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 202


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m mlt.toolkit languages --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[\n", "")


def test_help_takes_about_as_long_as_a_bare_typer_app() -> None:
    """A loose bound, for this is no benchmark: bench/help_speed.py measures the ratio."""
    bench = Path(cli.__file__).resolve().parents[1] / "bench" / "help_speed.py"
    done = subprocess.run(
        [sys.executable, str(bench), "--rounds", "3", "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["ratio"] < 2
