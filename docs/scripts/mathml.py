r"""Formulae for the manual, without a script from elsewhere: TeX becomes MathML while the pages are built.

A hook of MkDocs (``hooks:`` in ``mkdocs.yml``). In the pages, as on GitHub, a formula stands in a fence called
``math`` or, within a line, between a dollar sign with a backtick and a backtick with a dollar sign.
"""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

INLINE = r"\$`([^`]+)`\$"
# Above that of code in backticks.
_PRIORITY = 195


def to_mathml(tex: str, display: str) -> str:
    """MathML of a formula, with its TeX as what a reader without MathML is told."""
    element = ElementTree.fromstring(convert(tex.strip(), display=display))
    element.set("aria-label", " ".join(tex.split()))
    return ElementTree.tostring(element, encoding="unicode").replace("ns0:", "").replace(":ns0", "")


class _Inline(InlineProcessor):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # type: ignore[override]
        stashed = self.md.htmlStash.store(to_mathml(m[1], "inline"))
        return stashed, m.start(0), m.end(0)


class MathExtension(Extension):
    """Formulae within a line."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.inlinePatterns.register(_Inline(INLINE, md), "mathml", _PRIORITY)


def fence(source: str, language: str, css_class: str, options: Any, md: Markdown, **others: Any) -> str:
    """A fence of formulae, one a paragraph."""
    formulae = [part for part in re.split(r"\n\s*\n", source) if part.strip()]
    return "".join(f'<div class="math-block">{to_mathml(html.unescape(part), "block")}</div>' for part in formulae)


def on_config(config: Any) -> Any:
    """Put both into the configuration of MkDocs."""
    config.markdown_extensions.append(MathExtension())
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {}).setdefault("custom_fences", [])
    fences.append({"name": "math", "class": "math", "format": fence})
    return config
