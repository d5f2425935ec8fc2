"""The Japanese pages of the manual say what the English ones say: whatever is not prose is counted or compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SUFFIX = ".ja.md"
JAPANESE = sorted(DOCS.rglob(f"*{SUFFIX}"))
FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```", flags=re.MULTILINE | re.DOTALL)

# Rooms whose pages stand in English in both manuals: made from the code, or written for those who read it.
ENGLISH = ("explanation/*.md", "reference/*.md")
ENGLISH_BUT = {
    "reference/memo.md",
    "reference/looks.md",
    "explanation/maps.md",
    "explanation/limits.md",
    "explanation/tract.md",
    "explanation/phantom.md",
    "explanation/widening.md",
}
# Pages that await a translation, and stand in English until then. This set only shrinks.
NOT_YET: set[str] = set()


def english(page: Path) -> Path:
    return page.with_name(page.name.removesuffix(SUFFIX) + ".md")


def prose(text: str) -> str:
    return FENCE.sub("", text)


def blocks(text: str) -> list[str]:
    """Fenced blocks, each with its language."""
    return [f"{match[1]}\n{match[2]}" for match in FENCE.finditer(text)]


def headings(text: str) -> list[str]:
    """The level of each heading."""
    return re.findall(r"^(#+) ", prose(text), flags=re.MULTILINE)


def tables(text: str) -> list[str]:
    """Of each table, its rows and columns."""
    found = re.findall(r"(?:^\|.*\n?)+", prose(text), flags=re.MULTILINE)
    cells = r"(?<!\\)\|"
    return [f"{len(table.splitlines())} x {len(re.findall(cells, table.splitlines()[0])) - 1}" for table in found]


def links(text: str) -> Counter[str]:
    """Where links and images lead, to the English page where there are two. Their order is the sentence's."""
    return Counter(target.replace(SUFFIX, ".md") for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)))


def names(text: str) -> Counter[str]:
    """What stands in backticks: commands, options, files, columns."""
    return Counter({" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(text))})


def numbers(text: str) -> Counter[str]:
    """Numbers with a decimal point: what was measured."""
    return Counter(re.findall(r"\d+\.\d+", re.sub(r"\]\([^)]*\)", "", prose(text))))


def marks(text: str) -> list[str]:
    """Where a script puts its lines, and how many tabs, admonitions and items of lists there are."""
    return re.findall(r"^ *(<!-- .* -->|===|!!! \w+|- )", prose(text), flags=re.MULTILINE)


ASPECTS: dict[str, Callable[[str], list[str] | Counter[str]]] = {
    "code blocks": blocks,
    "levels of the headings": headings,
    "rows and columns of the tables": tables,
    "links": links,
    "names in backticks": names,
    "numbers": numbers,
    "marks": marks,
}


def difference(ours: list[str] | Counter[str], theirs: list[str] | Counter[str]) -> Iterable[str]:
    """Only what is in one of both, or the first place where both differ."""
    if isinstance(ours, Counter):
        yield from (f"only in English: {one}" for one in (Counter(theirs) - ours).elements())
        yield from (f"only in Japanese: {one}" for one in (ours - Counter(theirs)).elements())
        return
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=False), 1):
        if mine != other:
            yield f"number {number} is {other!r} in English and {mine!r} in Japanese"
            return
    if len(ours) != len(theirs):
        yield f"{len(theirs)} in English and {len(ours)} in Japanese"


def drift(japanese: str, text: str) -> list[str]:
    """All in which a Japanese page differs from its English one."""
    return [f"{aspect}: {what}" for aspect, read in ASPECTS.items() for what in difference(read(japanese), read(text))]


@pytest.mark.parametrize("page", JAPANESE, ids=[page.relative_to(DOCS).as_posix() for page in JAPANESE])
def test_a_japanese_page_says_what_the_english_one_says(page: Path) -> None:
    found = drift(page.read_text(encoding="utf-8"), english(page).read_text(encoding="utf-8"))
    assert not found, "\n".join([f"{page.relative_to(ROOT)} differs from {english(page).name}:", *found])


@pytest.mark.parametrize("page", JAPANESE, ids=[page.relative_to(DOCS).as_posix() for page in JAPANESE])
def test_a_japanese_page_is_japanese_and_leads_to_japanese_pages(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    title = re.search(r"^# (.+)$", text, flags=re.MULTILINE)
    assert title is not None
    assert page == DOCS / "index.ja.md" or re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", title[1]), title[1]
    for target in re.findall(r"\]\(([^)\s#]+\.md)", prose(text)):
        path = (page.parent / target).resolve()
        assert path.name.endswith(SUFFIX) or not path.with_suffix(SUFFIX).is_file(), f"{page}: {target} is in Japanese"


def test_pages_without_a_translation_are_known() -> None:
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {
        path.relative_to(DOCS).as_posix() for path in JAPANESE
    }
    stay = {path.relative_to(DOCS).as_posix() for room in ENGLISH for path in DOCS.glob(room)} - ENGLISH_BUT
    without = {page for page in pages if not (DOCS / page).with_suffix(SUFFIX).is_file()}
    assert without - stay == NOT_YET, "write the Japanese page, or take it off the list"


def test_lines_are_joined_and_headings_keep_their_addresses() -> None:
    pytest.importorskip("markdown", reason="markdown is not installed (extra docs)")
    spec = spec_from_file_location("docs_japanese", DOCS / "scripts" / "japanese.py")
    assert spec is not None and spec.loader is not None
    hook = module_from_spec(spec)
    spec.loader.exec_module(hook)
    rest = "```\n一\n二\n```\n\n| 表 |\n|---|\n| 一 |\n"
    text = f"# 題\n\n一行目、\n二行目は `code`\nと\n[先](a.md)。\n\n- 項目の\n  続き\n- 次\n\n{rest}"
    assert hook.joined(text) == f"# 題\n\n一行目、二行目は `code`\nと[先](a.md)。\n\n- 項目の続き\n- 次\n\n{rest}"
    page = "# A `b` c\n\n## Same\n\n```\n# no heading\n```\n\n## Same\n"
    assert hook.addresses(page) == ["a-b-c", "same", "same_1"]


def test_drift_is_named() -> None:
    page = "# Title\n\nText, `--out`, 1.5 ([link](a.md)).\n\n```\ncommand\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    same = page.replace("Title", "題").replace("Text", "文").replace("a.md", "a.ja.md").replace("| a |", "| あ |")
    assert drift(same, page) == []
    for old, new, what in (
        ("command", "other", "code blocks: number 1 is"),
        ("# 題", "## 題", "levels of the headings: number 1 is '#' in English and '##' in Japanese"),
        ("| 1 | 2 |\n", "", "rows and columns of the tables: number 1 is '3 x 2' in English"),
        ("a.ja.md", "b.md", "links: only in English: a.md"),
        ("--out", "--output", "names in backticks: only in English: --out"),
        ("1.5", "2.5", "numbers: only in English: 1.5"),
    ):
        assert what in "\n".join(drift(same.replace(old, new), page)), old
