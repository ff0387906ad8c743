"""The policy: which checks are asked, with which settings, and where the thresholds lie in each language.

A user's file overrides the shipped ``policy.yaml`` key by key. Settings decide scores; ``enabled``, ``min``, ``max``
and ``languages`` decide about rows, so that changing them costs no scoring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import resolve
from ..toolkit.yaml_files import read_yaml
from .check import make_settings
from .registry import check_class, check_names

DEFAULT = Path(__file__).with_name("policy.yaml")
_DECISION = ("enabled", "min", "max", "languages")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A row whose score is below ``min`` or above ``max`` is dropped; None sets no bound."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Rule:
    """A check under a policy. ``languages`` overrides the threshold by language code."""

    name: str
    enabled: bool
    settings: Any
    threshold: Threshold
    languages: Mapping[str, Threshold]

    def threshold_for(self, lang: str) -> Threshold:
        """Where the line is drawn in a language."""
        return self.languages.get(lang, self.threshold)


@dataclass(frozen=True)
class Policy:
    """All rules, in the order in which checks are asked."""

    rules: tuple[Rule, ...]

    def __getitem__(self, name: str) -> Rule:
        return next(rule for rule in self.rules if rule.name == name)

    @property
    def enabled(self) -> tuple[Rule, ...]:
        """The rules that count."""
        return tuple(rule for rule in self.rules if rule.enabled)

    def with_settings(self, name: str, **changes: Any) -> Policy:
        """A policy with a check enabled and some of its settings replaced, as ``--lid`` and ``--qe`` do."""
        return Policy(
            tuple(
                replace(rule, enabled=True, settings=replace(rule.settings, **changes)) if rule.name == name else rule
                for rule in self.rules
            )
        )

    def to_json(self) -> dict[str, Any]:
        """The policy as it would stand in a file, in full."""
        return {"checks": {rule.name: _rule_out(rule) for rule in self.rules}}


def load_policy(source: str | Path | Mapping[str, Any] | None = None) -> Policy:
    """The shipped policy with a user's file (or mapping) over it.

    Raises DataError for a file that is missing or no YAML, UsageError for an unknown check, key or value.
    """
    values = _read(DEFAULT)
    where = "policy"
    if source is not None:
        own = dict(source) if isinstance(source, Mapping) else _read(Path(source))
        where = "policy" if isinstance(source, Mapping) else str(source)
        values = _merged(values, own, where)
    entries = values["checks"]
    return Policy(tuple(_rule(name, dict(entries.get(name) or {}), where) for name in check_names()))


def _read(path: Path) -> dict[str, Any]:
    value = read_yaml(path, f"--policy {path}", "name a YAML file")
    if not isinstance(value, dict):
        raise UsageError(f"{path}: expected `checks:` with a mapping of check to settings")
    return value


def _merged(base: Mapping[str, Any], own: Mapping[str, Any], where: str) -> dict[str, Any]:
    unknown = [key for key in own if key != "checks"]
    if unknown or not isinstance(own.get("checks"), Mapping):
        raise UsageError(f"{where}: expected the one key `checks`, found {', '.join(map(repr, own)) or 'nothing'}")
    checks = {name: dict(entry or {}) for name, entry in base["checks"].items()}
    for name, entry in own["checks"].items():
        if name not in check_names():
            raise UsageError(f"{where}: unknown check {name!r}; known are {', '.join(check_names())}")
        if entry is not None and not isinstance(entry, Mapping):
            raise UsageError(f"{where}: {name} must be a mapping of settings, not {entry!r}")
        changes = dict(entry or {})
        if isinstance(changes.get("languages"), Mapping):
            changes["languages"] = {**checks[name].get("languages", {}), **changes["languages"]}
        checks.setdefault(name, {}).update(changes)
    return {"checks": checks}


def _rule(name: str, entry: dict[str, Any], where: str) -> Rule:
    where = f"{where}: {name}"
    cls = check_class(name)
    decision = {key: entry.pop(key) for key in _DECISION if key in entry}
    if not isinstance(enabled := decision.get("enabled", True), bool):
        raise UsageError(f"{where}.enabled: {enabled!r} is neither true nor false")
    if cls.hard and (odd := [key for key in ("min", "max", "languages") if key in decision]):
        raise UsageError(f"{where} is a veto and takes no {odd[0]}; switch it off with enabled: false")
    threshold = Threshold(None, 0.0) if cls.hard else _threshold(decision, cls.direction, where)
    languages = decision.get("languages") or {}
    if not isinstance(languages, Mapping):
        raise UsageError(f"{where}.languages: expected a mapping of language to min or max")
    return Rule(
        name,
        enabled,
        make_settings(cls.Settings, entry, where),
        threshold,
        {
            resolve(str(lang)).language.code: _override(threshold, bounds, cls.direction, f"{where}.languages.{lang}")
            for lang, bounds in languages.items()
        },
    )


def _override(threshold: Threshold, bounds: Any, direction: str, where: str) -> Threshold:
    if not isinstance(bounds, Mapping):
        raise UsageError(f"{where}: expected min or max, not {bounds!r}")
    if unknown := [key for key in bounds if key not in ("min", "max")]:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; known are min and max")
    return _threshold({"min": threshold.min, "max": threshold.max, **bounds}, direction, where)


def _threshold(values: Mapping[str, Any], direction: str, where: str) -> Threshold:
    for key, bad in (("min", "high"), ("max", "low")):
        value = values.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise UsageError(f"{where}.{key}: {value!r} is no number")
        if value is not None and direction == bad:
            raise UsageError(
                f"{where}: {'high' if bad == 'high' else 'low'} scores are bad here, so {key} means nothing"
            )
    low, high = values.get("min"), values.get("max")
    return Threshold(None if low is None else float(low), None if high is None else float(high))


def _rule_out(rule: Rule) -> dict[str, Any]:
    bounds = {} if check_class(rule.name).hard else asdict(rule.threshold)
    languages = {lang: asdict(threshold) for lang, threshold in rule.languages.items()}
    return {
        "enabled": rule.enabled,
        **bounds,
        **({"languages": languages} if languages else {}),
        **asdict(rule.settings),
    }
