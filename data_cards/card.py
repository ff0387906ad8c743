"""A card: the README.md of a published set, made of evidence, with what people have written in it kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError, UsageError
from ..toolkit.files import write_atomic
from ..toolkit.signature import SHORT
from ..toolkit.tables import size_text
from . import markdown, mixture_tables, run_tables
from .handwritten import BLOCKS, blocks, merge, read_front
from .licenses import OTHER, Judgement, check_declared
from .metadata import datasets_of, dump_metadata, make_metadata, translators
from .published import README
from .rebuild import loading, rebuild_commands
from .sources import SourceCard, hub_id, source_card
from .terms import judge_bundle

if TYPE_CHECKING:
    from jinja2 import Environment

    from ..toolkit.progress import Progress
    from .bundle import Bundle
    from .evidence import Evidence

_TEMPLATES = Path(__file__).with_name("templates")
_TEMPLATE = "dataset.md.j2"
_LOADED = re.compile(r'load_dataset\("([^"]+)"')
_LONG = {short: name for name, short in SHORT.items()}


@dataclass(frozen=True)
class Declared:
    """What nobody can read from the data: where they stand on the Hub, and the licence that they are published
    under (an id of the Hub, or ``NAME=URL``)."""

    repository: str | None = None
    license: str | None = None


def make_card(evidence: Evidence, bundle: Bundle, declared: Declared, previous: str | None = None) -> str:
    """The text of README.md; ``previous`` is the card whose hand-written text it keeps.

    The same evidence gives the same bytes. Raises DataError where ``previous`` is damaged, EnvironmentProblem where a
    library is missing.
    """
    front = read_front(previous or "")
    judgement = judge_bundle(bundle, declared.license)
    metadata = make_metadata(evidence, judgement, _title(evidence), front)
    values = _values(evidence, judgement, declared, str(metadata["pretty_name"]))
    return dump_metadata(metadata) + merge(_render(values), previous)


def declared_in(card: str) -> Declared:
    """What a card says of itself that cannot be read from the data."""
    front = read_front(card)
    chosen = front.get("license")
    if chosen == OTHER:
        chosen = "=".join(str(front[key]) for key in ("license_name", "license_link") if front.get(key))
    found = _LOADED.search(blocks(card).get("use", ""))
    repository = found[1] if found and hub_id(found[1]) else None
    return Declared(repository, chosen if isinstance(chosen, str) and chosen else None)


def write_card(
    folder: Path, *, license: str | None = None, repository: str | None = None, progress: Progress | None = None
) -> Path:
    """Writes the card of a folder (a run, mixtures, a published folder) as its README.md; gives its path.

    What ``license`` and ``repository`` leave open is taken from the card that stands there. Raises UsageError for a
    licence or a name that the Hub would not take, DataError where the data or the card are damaged.
    """
    from .bundle import open_bundle
    from .evidence import read_evidence

    if repository is not None and hub_id(repository) is None:
        raise UsageError(f"--repository {repository}: write OWNER/NAME")
    if license is not None:
        check_declared(license)
    path = folder / README
    with open_bundle(folder) as bundle:
        previous = _read(path)
        declared = declared_in(previous) if previous else Declared()
        declared = replace(declared, license=license or declared.license, repository=repository or declared.repository)
        text = make_card(read_evidence(bundle, progress), bundle, declared, previous)
        write_atomic(path, text.encode("utf-8", "backslashreplace"))
    return path


def _read(path: Path) -> str | None:
    """A card's text, its line ends as they are; None where there is none."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except ValueError:
        raise DataError(f"{path} is no text in UTF-8; mend it, or remove it") from None


def _title(evidence: Evidence) -> str:
    """A name that stays true when languages are added."""
    titles = dict.fromkeys(source_card(name).title or name for name in datasets_of(evidence))
    name = " and ".join(titles) or "Mixtures"
    return f"{name} in several languages" if any(lang != "en" for lang in evidence.languages) else name


def _values(evidence: Evidence, judgement: Judgement, declared: Declared, title: str) -> dict[str, Any]:
    sources = dict.fromkeys(map(source_card, datasets_of(evidence)))
    return {
        "title": title,
        "evidence": evidence,
        "run": evidence.run,
        "mixtures": evidence.mixtures,
        "sources": _trusted(sources or {source_card(""): None}),
        "judgement": judgement,
        "translators": translators(evidence),
        "loading": loading(evidence, declared.repository) if evidence.configs else "",
        "commands": rebuild_commands(evidence, declared.repository),
    }


def _trusted(sources: Mapping[SourceCard, None]) -> list[dict[str, Any]]:
    """The templates of sources, which are Markdown already."""
    from markupsafe import Markup

    names = ("description", "task", "limits", "citation")
    return [{"title": card.title, **{name: Markup(getattr(card, name)) for name in names}} for card in sources]


def _render(values: Mapping[str, Any]) -> dict[str, str]:
    """The blocks of a card, those left out that say nothing."""
    template = _environment().get_template(_TEMPLATE)
    context = template.new_context(dict(values))
    texts = {name: "".join(template.blocks[name](context)).strip() for name in BLOCKS}
    return {name: re.sub(r"\n{3,}", "\n\n", text) for name, text in texts.items() if text}


def _settings(settings: Mapping[str, Any], part: str) -> str:
    """The settings of a signature under a dotted name, by their full names."""
    named = {name.removeprefix(part): value for name, value in settings.items() if name.startswith(part)}
    shown = {_LONG.get(name, name).replace("_", " "): value for name, value in named.items()}
    return ", ".join(f"{name} {value}" for name, value in shown.items() if name not in ("model", "revision", "text"))


@cache
def _environment() -> Environment:
    """Templates in which whatever is filled in is escaped as Markdown, unless it is Markdown already."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        finalize=markdown.cell,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "code": markdown.code,
        "codes": lambda texts: markdown.joined(map(markdown.code, texts), ", "),
        "in_words": markdown.in_words,
        "fence": markdown.fence,
        "link": markdown.link,
        "language_name": run_tables.language_name,
        "settings": _settings,
        "size": size_text,
    }
    environment.globals |= {"tables": run_tables, "mixture_tables": mixture_tables, "joined": markdown.joined}
    return environment
