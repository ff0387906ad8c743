"""The commands on a card: how to get its data back, and how to make them anew."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..toolkit.records import dump_json
from .sources import SAMPLE, hub_id

if TYPE_CHECKING:
    from .evidence import Evidence, MixtureEvidence, RunEvidence, TranslationUse

HERE = "."
"""Where the data are when no repository was named: this very folder."""

_OPTIONS = {
    "engine.model": "--model",
    "engine.ct": "--compute-type",
    "decoding.beam": "--beam-size",
    "decoding.nbest": "--n-best",
    "decoding.lp": "--length-penalty",
    "decoding.rp": "--repetition-penalty",
    "segment": "--segment",
    "args": "--arguments",
    "tools": "--tools",
}
_DEFAULTS: Mapping[str, Any] = {
    **{"decoding.beam": 4, "decoding.nbest": 1, "decoding.lp": 1.0, "decoding.rp": 1.0},
    **{"segment": "sentence", "args": "keep", "tools": "keep"},
}
_BUDGETS = {"per_language": "--per-language", "total": "--total", "tokens": "--tokens", "steps": "--steps"}


def loading(evidence: Evidence, repository: str | None) -> str:
    """Python that loads a config: of a translation or a mixture where there is one."""
    shown = next((config for config in evidence.configs if config.lang != "en"), evidence.configs[0])
    call = f'load_dataset("{repository or HERE}", "{shown.name}", split="{shown.splits[0].name}")'
    return f"from datasets import load_dataset\n\nrows = {call}"


def rebuild_commands(evidence: Evidence, repository: str | None) -> str:
    """Shell commands with a comment each."""
    return "\n".join(_lines(evidence, repository))


def _lines(evidence: Evidence, repository: str | None) -> Iterator[str]:
    run, place = evidence.run, repository or HERE
    if run is None:
        yield from (f"mlt pull {place} -o mixtures", "")
    else:
        yield "# the data as a run: to decide again without scoring, to add languages, to train on"
        yield f"mlt pull {place} -o run"
        if run.filtered:
            yield "mlt filter run/input -o run --policy my-policy.yaml"
        for command in _translations(run):
            yield from ("", "# all of it again, from the source", command)
            if run.filtered:
                yield "mlt filter runs/new -o runs/new-filtered"
    for mixture in evidence.mixtures[-1:]:
        yield from ("", "# mixtures like these", _mix(mixture))
    yield from ("", "# every number on this page, counted again")
    if repository:
        yield f"hf download {repository} --repo-type dataset --local-dir set"
    yield f"mlt card {'set' if repository else HERE} --check"


def _translations(run: RunEvidence) -> Iterator[str]:
    """A command a model; one where the run's languages have a model each and all else is the same."""
    own = [use for use in run.translations if use.own]
    yield from (_translate(use, use.languages) for use in run.translations if not use.own)
    groups: dict[str, list[TranslationUse]] = {}
    for use in own:
        rest = {name: value for name, value in use.settings.items() if not name.startswith("engine.")}
        groups.setdefault(dump_json(rest), []).append(use)
    for uses in groups.values():
        models = ",".join(f"{lang}={use.settings.get('engine.model')}" for use in uses for lang in use.languages)
        languages = [lang for use in uses for lang in use.languages]
        yield _translate(uses[0], languages, {"engine.model": ("--model-for", models)})


def _translate(
    use: TranslationUse, languages: Sequence[str], given: Mapping[str, tuple[str, str]] | None = None
) -> str:
    """``given``: options instead of those that the settings of that name would become."""
    settings = use.settings
    options = [
        text
        for name, option in _OPTIONS.items()
        if name in settings and settings[name] is not None and settings[name] != _DEFAULTS.get(name)
        for text in (given or {}).get(name, (option, str(settings[name])))
    ]
    return _command("mlt translate", [*_source(settings), "--langs", ",".join(languages), *options], "runs/new")


def _source(settings: Mapping[str, Any]) -> list[str]:
    """The source and its split, as ``mlt translate`` takes them; nothing for the sample, which is the default."""
    dataset, config = str(settings.get("source.dataset", "FILE")), settings.get("source.config")
    if dataset == SAMPLE:
        return []
    if not hub_id(dataset):
        return [dataset]
    name = f"hf://{dataset}{f':{config}' if config else ''}@{settings.get('source.revision')}"
    return [name, "--split", str(settings.get("source.split", "train"))]


def _mix(mixture: MixtureEvidence) -> str:
    manifest = mixture.manifest
    ladder, identity = manifest.get("ladder") or {}, manifest.get("identity") or {}
    chosen = ["--preset", str(ladder["name"])] if ladder.get("name") else ["--langs", ",".join(mixture.languages)]
    mode = [f"--{manifest['mode']}"] if manifest.get("mode") in ("disjoint", "union") else []
    shares = [_shares(f"--{name}", identity.get(name)) for name in ("tasks", "weights")]
    sets = ",".join(entry["name"] for entry in identity.get("decontaminate") or ())
    settings = {
        "--temperature": identity.get("temperature"),
        "--validation": identity.get("validation"),
        "--decontaminate": sets,
        "--tokenizer": (manifest.get("tokenizer") or {}).get("name"),
        "--format": mixture.format,
        "--annotations": "strip" if identity.get("annotations") == "strip" else None,
        "--seed": str(manifest.get("seed", 0)),
    }
    rest = [text for option, value in settings.items() if value for text in (option, str(value))]
    given = [text for pair in shares for text in pair]
    return _command("mlt mix run", [*chosen, *_amount(manifest.get("budget") or {}), *mode, *given, *rest], "mixtures")


def _amount(budget: Mapping[str, Any]) -> list[str]:
    """The budget's options."""
    option = _BUDGETS.get(str(budget.get("kind")))
    if option is None:
        return []
    more = ("batch_size", "epochs", "sequence_length") if budget["kind"] == "steps" else ()
    named = [(f"--{name.replace('_', '-')}", budget.get(name)) for name in more]
    return [option, str(budget.get("amount")), *(text for name, value in named if value for text in (name, str(value)))]


def _shares(option: str, shares: Mapping[str, Any] | None) -> list[str]:
    return [option, ",".join(f"{name}={share}" for name, share in shares.items())] if shares else []


def _command(name: str, arguments: Sequence[str], out: str) -> str:
    return " ".join([name, *map(shlex.quote, arguments), "-o", out])
