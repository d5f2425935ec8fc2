"""Headings of the Japanese pages keep the addresses of the English ones, so that a link to a section works in both.

A hook of MkDocs (``hooks:`` in ``mkdocs.yml``). An address is made from the letters of a heading, and of a Japanese
one hardly any are left. The pages have the same headings in the same order: ``tests/pipeline/test_japanese_manual.py``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from markdown.extensions.toc import slugify, unique

SUFFIX = ".ja.md"
FENCE = re.compile(r"^[ ]*```.*?^[ ]*```", flags=re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", flags=re.MULTILINE)


def headings(text: str) -> list[re.Match[str]]:
    """Headings of a page, as matches of their hashes and their words, at their places in the text."""
    blank = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return list(HEADING.finditer(blank))


def addresses(text: str) -> list[str]:
    """What a link to each heading of an English page ends with, after ``#``."""
    used: set[str] = set()
    words = (re.sub(r"`|\[([^]]*)\]\([^)]*\)", r"\1", heading[2]) for heading in headings(text))
    return [unique(slugify(one, "-"), used) for one in words]


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Name the headings of a Japanese page after those of the English one."""
    source = Path(page.file.abs_src_path)
    if not source.name.endswith(SUFFIX):
        return markdown
    english = source.with_name(source.name.removesuffix(SUFFIX) + ".md")
    names = addresses(english.read_text(encoding="utf-8"))
    pieces, done = [], 0
    for heading, name in zip(headings(markdown), names, strict=True):
        pieces += [markdown[done : heading.end()], f" {{#{name}}}"]
        done = heading.end()
    return "".join([*pieces, markdown[done:]])
