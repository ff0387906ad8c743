"""What is asked of a mixture: its languages, tasks, budget and mode, checked before anything is read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from ..toolkit.errors import UsageError
from ..toolkit.languages import parse_languages
from ..toolkit.mixtures import FORMATS, Format
from ..toolkit.prompts import ANNOTATIONS, Annotations
from ..toolkit.tasks import TASKS

Mode = Literal["parallel", "disjoint", "union"]
Kind = Literal["per_language", "total", "tokens", "steps"]
MODES: tuple[Mode, ...] = get_args(Mode)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is taken: ``amount`` items a language, rows, tokens or optimiser steps.

    The last three are for ``steps`` alone; ``sequence_length`` turns steps into tokens.
    """

    kind: Kind
    amount: int
    batch_size: int | None = None
    epochs: int | None = None
    sequence_length: int | None = None

    @property
    def unit(self) -> Literal["rows", "tokens"]:
        """What the volume is counted in."""
        return "tokens" if self.kind == "tokens" or self.sequence_length is not None else "rows"

    @property
    def volume(self) -> int:
        """Rows or tokens: of each language for ``per_language``, else of all languages together."""
        if self.kind != "steps":
            return self.amount
        return self.amount * (self.batch_size or 1) * (self.sequence_length or 1) // (self.epochs or 1)

    def to_json(self) -> dict[str, Any]:
        """As manifests hold it."""
        entry: dict[str, Any] = {"kind": self.kind, "amount": self.amount}
        if self.kind == "steps":
            entry |= {"batch_size": self.batch_size, "epochs": self.epochs, "sequence_length": self.sequence_length}
            entry[self.unit] = self.volume
        return entry


@dataclass(frozen=True, slots=True)
class Request:
    """All that decides a mixture but for its runs, test sets and tokenizer.

    ``languages``: None for all that the runs hold; English first, then by code. ``tasks``: shares, None for all that
    the runs hold, alike. ``weights`` (1 for a language that it leaves out) or ``temperature`` divide a budget.
    """

    budget: Budget
    languages: tuple[str, ...] | None = None
    tasks: Mapping[str, float] | None = None
    mode: Mode = "parallel"
    weights: Mapping[str, float] | None = None
    temperature: float | None = None
    validation: int = 0
    format: Format = "prompt"
    annotations: Annotations = "keep"
    seed: int = 0

    @property
    def even(self) -> bool:
        """Whether all languages get the same."""
        return self.weights is None and self.temperature is None

    def identity(self) -> dict[str, Any]:
        """What of it decides the result, as JSON values, without the languages."""
        plain = ("mode", "temperature", "validation", "format", "annotations", "seed")
        return {
            **{name: getattr(self, name) for name in plain},
            "tasks": None if self.tasks is None else dict(self.tasks),
            "weights": None if self.weights is None else dict(self.weights),
            "budget": self.budget.to_json(),
        }


def make_request(
    *,
    langs: str | Sequence[str] | None,
    per_language: int | None,
    total: int | None,
    tokens: int | None,
    steps: int | None,
    batch_size: int,
    epochs: int,
    sequence_length: int | None,
    mode: str,
    weights: str | Mapping[str, float] | None,
    temperature: float | None,
    tasks: str | Sequence[str] | Mapping[str, float] | None,
    validation: int,
    format: str,
    annotations: str,
    seed: int,
    with_tokenizer: bool,
) -> Request:
    """The request that options make; UsageError for one that cannot be met whatever the data are."""
    amounts = {"per_language": per_language, "total": total, "tokens": tokens, "steps": steps}
    budget = _budget(amounts, batch_size, epochs, sequence_length)
    if budget.unit == "tokens" and not with_tokenizer:
        raise UsageError("a budget in tokens needs --tokenizer: name a Hub id, a folder or a tokenizer.json")
    if budget.kind == "per_language" and (weights or temperature is not None):
        raise UsageError("--per-language gives every language the same: weights and temperature go with --total")
    if weights and temperature is not None:
        raise UsageError("--weights and --temperature exclude each other: give one of them")
    if temperature is not None and not (temperature > 0 and math.isfinite(temperature)):
        raise UsageError(f"--temperature {temperature}: expected a number above 0 (1: as much as there is of each)")
    if validation < 0:
        raise UsageError(f"--validation {validation}: expected 0 or more items a language")
    shares = parse_shares(weights, "--weights")
    return Request(
        budget=budget,
        languages=None if langs is None else ordered(_codes(langs)),
        tasks=_tasks(tasks),
        mode=cast("Mode", _choice("--mode", mode, MODES)),
        weights={_code(name): share for name, share in shares.items()} or None,
        temperature=temperature,
        validation=validation,
        format=cast("Format", _choice("--format", format, FORMATS)),
        annotations=cast("Annotations", _choice("--annotations", annotations, ANNOTATIONS)),
        seed=seed,
    )


def parse_shares(value: str | Sequence[str] | Mapping[str, float] | None, option: str) -> dict[str, float]:
    """Names and shares, 1 where none is given (``math=2,api``), by name; UsageError for a share that is none."""
    if value is None:
        return {}
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    pairs = value.items() if isinstance(value, Mapping) else [_pair(part) for part in value]
    shares: dict[str, float] = {}
    for name, share in pairs:
        try:
            number = float(share)
        except (TypeError, ValueError):
            number = math.nan
        if not (number > 0 and math.isfinite(number)):
            raise UsageError(f"{option} {name}={share}: expected a number above 0")
        if name in shares:
            raise UsageError(f"{option} names {name} twice: name it once")
        shares[name] = number
    return dict(sorted(shares.items()))


def ordered(languages: Iterable[str]) -> tuple[str, ...]:
    """Languages as mixtures name them: English first, then by code."""
    return tuple(sorted(set(languages), key=lambda lang: (lang != "en", lang)))


def check_name(name: str) -> str:
    """A mixture's name, which is a folder's and a config's on the Hub; UsageError for one that is not fit for that."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"--out ends in {name!r}: a mixture is named by its folder, in letters, digits, '.', '_', '-'")
    return name


def _budget(amounts: Mapping[str, int | None], batch_size: int, epochs: int, length: int | None) -> Budget:
    given = {kind: amount for kind, amount in amounts.items() if amount is not None}
    options = {kind: f"--{kind.replace('_', '-')}" for kind in amounts}
    if len(given) != 1:
        named = " and ".join(options[kind] for kind in given) or "none"
        raise UsageError(f"one budget is needed, {named} given: name one of {', '.join(options.values())}")
    [(kind, amount)] = given.items()
    if length is not None and kind != "steps":
        raise UsageError("--sequence-length goes with --steps: leave it out")
    numbers = {options[kind]: amount, "--batch-size": batch_size, "--epochs": epochs, "--sequence-length": length}
    for option, number in numbers.items():
        if number is not None and number < 1:
            raise UsageError(f"{option} {number}: expected 1 or more")
    if kind != "steps":
        return Budget(cast("Kind", kind), amount)
    budget = Budget("steps", amount, batch_size, epochs, length)
    if not budget.volume:
        raise UsageError(f"--steps {amount} of {batch_size} rows over {epochs} epochs is not one row: ask for more")
    return budget


def _tasks(value: str | Sequence[str] | Mapping[str, float] | None) -> dict[str, float] | None:
    shares = parse_shares(value, "--tasks")
    for name in shares:
        _choice("--tasks", name, TASKS)
    return shares or None


def _pair(part: str) -> tuple[str, Any]:
    name, equals, share = part.partition("=")
    return name.strip(), share.strip() if equals else 1


def _codes(langs: str | Sequence[str]) -> list[str]:
    found = parse_languages(langs if isinstance(langs, str) else ",".join(langs))
    return [resolution.language.code for resolution in found]


def _code(lang: str) -> str:
    [code] = _codes(lang)
    return code


def _choice(option: str, value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise UsageError(f"{option} {value}: choose {', '.join(choices[:-1])} or {choices[-1]}")
    return value
