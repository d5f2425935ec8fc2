"""Japanese pages: their headings keep the addresses of the English ones, and a line's end is no space.

A hook of MkDocs (``hooks:`` in ``mkdocs.yml``). An address is made from the letters of a heading, and of a Japanese
one hardly any are left; with the English ones a link to a section works in both languages. The pages have the same
headings in the same order: ``tests/pipeline/test_japanese_manual.py``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from markdown.extensions.toc import slugify, unique

SUFFIX = ".ja.md"
FENCE = re.compile(r"^[ ]*```.*?^[ ]*```", flags=re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", flags=re.MULTILINE)
# The end of a line between Japanese characters, which a browser would show as a space; indented lines are joined too.
_LETTERS = r"\u3000-\u30ff\u4e00-\u9fff"
LINE_END = re.compile(rf"(?<=[{_LETTERS})])\n[ ]*(?=[{_LETTERS}[(])")


def headings(text: str) -> list[re.Match[str]]:
    """Headings of a page, as matches of their hashes and their words, at their places in the text."""
    blank = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return list(HEADING.finditer(blank))


def addresses(text: str) -> list[str]:
    """What a link to each heading of an English page ends with, after ``#``."""
    used: set[str] = set()
    words = (re.sub(r"`|\[([^]]*)\]\([^)]*\)", r"\1", heading[2]) for heading in headings(text))
    return [unique(slugify(one, "-"), used) for one in words]


def joined(text: str) -> str:
    """A page whose paragraphs of Japanese are one line each; fenced blocks stay as they are."""
    prose = LINE_END.split(FENCE.sub("\0", text))
    blocks = iter(FENCE.findall(text))
    return re.sub("\0", lambda _: next(blocks), "".join(prose))


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Join the lines of a Japanese page, and name its headings after those of the English one."""
    source = Path(page.file.abs_src_path)
    if not source.name.endswith(SUFFIX):
        return markdown
    english = source.with_name(source.name.removesuffix(SUFFIX) + ".md")
    markdown = joined(markdown)
    names = addresses(english.read_text(encoding="utf-8"))
    pieces, done = [], 0
    for heading, name in zip(headings(markdown), names, strict=True):
        pieces += [markdown[done : heading.end()], f" {{#{name}}}"]
        done = heading.end()
    return "".join([*pieces, markdown[done:]])
