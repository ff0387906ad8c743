"""The README.md of a trained model: how it was trained, how that departs from the paper, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..eval.markdown import escape, table
from ..eval.numbers import percent
from .recipe import PAPER
from .tiny_model import NAME as TINY

_METHODS = {
    "lora": "LoRA adapter",
    "dora": "DoRA adapter",
    "qlora": "QLoRA adapter (the base in 4 bits)",
    "full": "full fine-tuning",
}


PAPER_MODELS = (
    "Qwen/Qwen3-0.6B-Base",
    "Qwen/Qwen3-1.7B-Base",
    "Qwen/Qwen3-8B-Base",
    "google/gemma-3-1b-pt",
    "google/gemma-3-4b-pt",
)


def model_card(manifest: Mapping[str, Any]) -> str:
    """The card of a finished train.json: YAML head for the Hub, then Markdown. Names in it are escaped."""
    recipe, data = manifest["identity"]["recipe"], manifest["data"]
    what = _METHODS[recipe["method"]]
    title = f"{recipe['model']}, trained on {data['name']}"
    parts = [
        _head(manifest),
        f"# {escape(title)}",
        f"{what[0].upper()}{what[1:]} on {escape(recipe['model'])} for {_task(recipe['task'])} in "
        f"{len(data['languages'])} languages: {escape(', '.join(data['languages']))}.",
        "## Results",
        _results(manifest),
        "## Data",
        _data(manifest),
        "## Training",
        _training(manifest),
        "## Departures from the paper",
        _departures(recipe),
        "## Use",
        _use(recipe["task"], data["format"]),
    ]
    return "\n\n".join(parts) + "\n"


def departures(recipe: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(setting, the paper's value, the recipe's) of all that differs from arXiv:2604.13286."""
    found = [(name, str(value), str(recipe[name])) for name, value in PAPER.items() if recipe[name] != value]
    if recipe["model"] not in PAPER_MODELS:
        found.insert(0, ("model", "Qwen3 0.6B, 1.7B, 8B, Gemma 3 1B, 4B", recipe["model"]))
    if recipe["max_steps"] is not None:
        found.append(("max_steps", "all of the epochs", str(recipe["max_steps"])))
    return found


def _head(manifest: Mapping[str, Any]) -> str:
    import yaml

    recipe, data = manifest["identity"]["recipe"], manifest["data"]
    adapter = recipe["method"] != "full"
    head: dict[str, Any] = {
        "library_name": "peft" if adapter else "transformers",
        "pipeline_tag": "text-generation",
        "language": [lang for lang in data["languages"] if lang != "und"],
        "tags": ["mlt", "sft", "trl", *([recipe["method"]] if adapter else [])],
    }
    # Only what the Hub can resolve: a folder of somebody's machine is no base model there.
    name = recipe["model"]
    if name != TINY and name.count("/") == 1 and not name.startswith((".", "/")):
        head["base_model"] = name
        head["base_model_relation"] = "adapter" if adapter else "finetune"
    text = yaml.safe_dump(head, allow_unicode=True, sort_keys=False)
    return f"---\n{text}---"


def _results(manifest: Mapping[str, Any]) -> str:
    kept = manifest["kept"]
    if kept["by"] == "last":
        return f"The weights are those of the last step, {kept['step']:,}; none were compared on held-out rows."
    by = "task accuracy (the mean over languages)" if kept["by"] == "accuracy" else "loss"
    text = (
        f"The weights are those of step {kept['step']:,} of {manifest['training']['steps']:,}, the best of "
        f"{len(manifest['training']['evaluations'])} evaluations by {by} on held-out rows. Chosen by these numbers, "
        "they are no test result: use `mlt eval` on a test set."
    )
    rows: list[Sequence[object]] = [
        (lang, kept["items"].get(lang, ""), percent(share)) for lang, share in kept["languages"].items()
    ]
    if kept["accuracy"] is not None:
        rows.append(("mean", sum(kept["items"].values()), percent(kept["accuracy"])))
        text += f"\n\n{table(('language', 'items', 'accuracy, %'), rows)}"
    return f"{text}\n\nLoss on held-out rows: {kept['loss']:.4g}."


def _data(manifest: Mapping[str, Any]) -> str:
    data = manifest["data"]
    tokens = {found["lang"]: found for found in manifest["preflight"]["languages"]}
    rows = [
        (
            lang,
            f"{data['train'].get(lang, 0):,}",
            f"{data['validation'].get(lang, 0):,}",
            *(f"{tokens[lang][name]:,}" if lang in tokens else "" for name in ("p50", "p99", "max", "truncated")),
        )
        for lang in data["languages"]
    ]
    columns = ("language", "train", "validation", "tokens p50", "p99", "max", "cut off")
    licence = f" Licence of the data: {escape(data['license'])}." if data["license"] else ""
    return (
        f"{escape(data['name'])} ({data['kind']}, rows of {data['format']}).{licence}\n\n"
        f"{table(columns, rows)}\n\nSignature of the data: {_code(manifest['identity']['data'])}"
    )


def _training(manifest: Mapping[str, Any]) -> str:
    identity, training = manifest["identity"], manifest["training"]
    losses = training["losses"]
    told = [
        ("steps", f"{training['steps']:,} ({training['epochs']:g} epochs)"),
        ("parameters trained", f"{training['trained_parameters']:,} of {training['parameters']:,}"),
        ("loss, first and last step", f"{losses[0][1]:.4g}, {losses[-1][1]:.4g}" if losses else ""),
        ("device", f"{training['device']}, {training['processes']} processes"),
        ("base, revision", f"{identity['model']['name']}, {identity['model']['revision'] or 'unknown'}"),
        *((name, number) for name, number in identity["versions"].items()),
    ]
    settings = [(name, "none" if value is None else value) for name, value in identity["recipe"].items()]
    return (
        f"{table(('', 'value'), told, left=2)}\n\nSettings:\n\n{table(('setting', 'value'), settings, left=2)}\n\n"
        f"Signature: {_code(manifest['signature'])}"
    )


def _departures(recipe: Mapping[str, Any]) -> str:
    found = departures(recipe)
    if not found:
        return "None in the settings of arXiv:2604.13286."
    return f"Settings of arXiv:2604.13286 that differ here:\n\n{table(('setting', 'paper', 'here'), found, left=3)}"


def _use(task: str, format: str) -> str:
    form = "the chat template" if format == "messages" else "`mlt.toolkit.prompts.prompt_of`"
    return f"Ask it as it was trained, through {form}:\n\n```sh\nmlt eval FOLDER --task {task}\n```"


def _task(task: str) -> str:
    return {"math": "math word problems", "api": "calling APIs"}.get(task, task)


def _code(text: str) -> str:
    """A text in a code span that no backtick in it can end."""
    fence = "`" * (max((len(run) for run in _runs(text)), default=0) + 1)
    return f"{fence} {' '.join(text.split())} {fence}"


def _runs(text: str) -> list[str]:
    import re

    return re.findall("`+", text)
