"""Checks the Markdown files: links lead somewhere, Python blocks import what exists, commands and targets are real."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def markdown_files() -> list[Path]:
    """The files at the root and those of docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def problems(path: Path) -> Iterator[str]:
    """What is wrong with one file."""
    text = path.read_text(encoding="utf-8")
    yield from broken_links(path, FENCE.sub("", text))
    for language, block in FENCE.findall(text):
        if language == "python":
            yield from broken_imports(block)
        elif language == "sh":
            yield from unknown_commands(block)


def broken_links(path: Path, prose: str) -> Iterator[str]:
    """Relative links to files or headings that do not exist; addresses on the web are not visited."""
    for link in LINK.findall(prose):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists():
            yield f"no such file: {link}"
        elif anchor and anchor not in anchors(file):
            yield f"no such heading: {link}"


def anchors(path: Path) -> set[str]:
    """The anchors of a file's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_imports(block: str) -> Iterator[str]:
    """A Python block that does not parse, or takes from mlt what it does not have."""
    try:
        tree = ast.parse(block)
    except SyntaxError as error:
        yield f"Python block does not parse: {error}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mlt":
            module = importlib.import_module(node.module or "")
            yield from (f"{node.module} has no {alias.name}" for alias in node.names if not hasattr(module, alias.name))


def unknown_commands(block: str) -> Iterator[str]:
    """``mlt`` commands or options, and ``make`` targets, that do not exist."""
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
            yield from (f"make has no target {word}" for word in words[1:] if "=" not in word and word not in targets)
        elif words[:1] == ["mlt"]:
            yield from unknown_options(words)


def unknown_options(words: list[str]) -> Iterator[str]:
    """Options that the command does not take."""
    import typer.main

    from mlt.toolkit.cli import app
    from mlt.toolkit.lazy_commands import made_out

    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while rest and hasattr(command, "commands"):
        if rest[0] not in command.commands:
            if not rest[0].startswith("-"):
                yield f"mlt has no command {rest[0]}"
            break
        command, rest = made_out(command.commands[rest[0]]), rest[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "--debug"}
    yield from (
        f"{' '.join(words[:2])} has no option {word}" for word in rest if word.startswith("-") and word not in known
    )


def main() -> int:
    """Print every problem; 1 where there is one."""
    found = [f"{path.relative_to(ROOT)}: {problem}" for path in markdown_files() for problem in problems(path)]
    print("\n".join(found) or f"{len(markdown_files())} files are in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
