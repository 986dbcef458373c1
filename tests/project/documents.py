"""The documents as tests read them: their text, and what they say to type."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {file.name: file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs").glob("*.md"))}
DOCUMENTS = {"README.md": README, **{f"docs/{name}": text for name, text in DOCS.items()}}
# `make docs` writes these, or `make soak`.
GENERATED = {"cli.md", "configuration.md", "schema.md", "reliability.md"}


def blocks(text: str, language: str) -> list[str]:
    """Return the lines of all code blocks in a language, without comments at their ends."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    wanted = [block for named, block in found if named == language]
    lines = (re.sub(r"  +#.*", "", line) for block in wanted for line in block.splitlines())
    return [line for line in lines if line]


def commands(text: str) -> list[str]:
    """Return every command that a document says to type."""
    shown = [line.removeprefix("$ ") for line in blocks(text, "console") if line.startswith("$ ")]
    inline = [" ".join(each.split()) for each in re.findall(r"`(\.venv/bin/[^`]+ [^`]+)`", text)]
    return [*blocks(text, "sh"), *blocks(text, "cron"), *shown, *inline]


def part(text: str, begin: str) -> str:
    """Return a section of a document, from the title given to the next."""
    return re.split(r"^#+ ", text.split(f"# {begin}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
