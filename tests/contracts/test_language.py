"""One vocabulary, that of the field, in American spelling: in the code, the scripts, the manual and the cards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from house import CARDS, FILES, PAGES, ROOT, SCRIPTS, hold, text_of

COUNTED = "frames|samples|pixels|numbers?|values?|lines?|rows?|steps?|windows?|passes|files?|processes|entries"
UNITS = "second|frame|cell|pixel|minute|utterance|epoch|video|recording|core|worker|vowel|speaker|batch|region|file"

# Not to be written, and what to write.
GLOSSARY = {
    r"pictures?": "frame (MRI), or image, figure (drawn)",
    r"beside": "next to, compared with, paired with",
    r"h[au]ngs? (?:on|upon)": "depends on",
    r"pixels a cell": "stride in pixels",
    rf"(?:{COUNTED}) an? (?:{UNITS})": "per",
    r"c[oa]mes? apart": "diverged",
    r"for people": "human-readable",
    r"t(?:ells?|old|elling) of": "describes, says",
    r"made of": "made from",
    r"own-frames?": "per-frame gradient",
    r"hears": "reads, receives",
    r"hears? of|heard of": "depends on, receives",
    r"speaks? about": "predicts",
    r"(?:the memo|memo's|memos)": "the reference configuration",
    r"a training(?=[.,;:]| (?:that|which|is|was|has|comes|came|ends|goes|went|can|may|would))": "a training run",
    r"how a training": "how a training run",
    r"taken further": "resumed, appended to",
    r"judge?ments?": "discriminator outputs",
    r"the begins?|from begin|begin and end|its begin": "start, beginning",
    r"per cent": "percent",
    r"image network": "CNN, frame encoder",
    r"comes? along": "progresses",
    r"c[oa]mes? to pass": "happens",
    r"phoneticians'": "phonetic, as in Praat",
    r"what (?:a|the) (?:run|training) came to": "summary of the run",
    r"dealt out|deals? out|to deal": "permute, assign",
    r"the network forgets|the model forgets": "randomization",
}
SPELLING = {
    r"\w*colour\w*": "color",
    r"grey\w*": "gray",
    r"\w*(?:normal|random|optim|initial|recogn|visual|summar|synthes|general|organ|maxim|minim|quant|local)is"
    r"(?:e|es|ed|er|ers|ing|ation|ations|able)": "-ize",
    r"analys(?:e|ed|er|es the|ing)": "analyze",
    r"cent(?:re|red|res|ring)": "center",
    r"label(?:led|ling)": "labeled",
    r"model(?:led|ling)": "modeled",
    r"travel(?:led|ling)|cancel(?:led|ling)|signal(?:led|ling)": "one l",
    r"\w*behaviour\w*|favour\w*|neighbour\w*": "-or",
    r"millimetres?|centimetres?|metres?": "meter",
    r"catalogue|programme|practise|fulfil|grammes?": "catalog, program, practice, fulfill, gram",
    r"licenc(?:ed|ing)": "licensed",
}
# Names that stay because files and command lines hold them.
KEPT = re.compile(
    r"faithfulness_randomisation|\"centre\"|\"picture\"|neighbourhood|--[a-z][\w-]*|`[^`]*memo[^`]*`|memo\.md"
)


def compiled(rules: dict[str, str]) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(rf"(?<![\w-])(?:{rule})(?!\w)", re.IGNORECASE), better) for rule, better in rules.items()]


def banned(text: str, rules: list[tuple[re.Pattern[str], str]]) -> Iterator[str]:
    """Line, word and what to write instead."""
    for number, line in enumerate(text.splitlines(), 1):
        plain = KEPT.sub("", line)
        for pattern, better in rules:
            for match in pattern.finditer(plain):
                yield f"line {number}: {match[0]} -> {better}"


def searched() -> list[Path]:
    memo = [ROOT / "docs" / "reference" / name for name in ("memo.md", "memo.ja.md")]
    return [path for path in [*FILES, *SCRIPTS, *PAGES, *CARDS] if path not in memo]


@pytest.mark.parametrize(("rule", "rules"), [("glossary", GLOSSARY), ("spelling", SPELLING)], ids=lambda value: value)
def test_words(rule: str, rules: dict[str, str]) -> None:
    patterns = compiled(rules)
    found = [(path, what) for path in searched() for what in banned(text_of(path), patterns)]
    hold(rule, found, "see the glossary in CONTRIBUTING.md")


def test_the_searches_find_what_they_look_for() -> None:
    words, spelling = compiled(GLOSSARY), compiled(SPELLING)
    for line in ("27 frames a second", "pixels a cell", "It hangs on t.", "a training that came", "lies beside it"):
        assert list(banned(line, words)), line
    for line in ("# normalised colours", "a centred grey_level", "labelled", "5 millimetres"):
        assert list(banned(line, spelling)), line
    for line in ("frames per second", "a training run that ended", "`prepare --recipe memo`", "memory of a cell"):
        assert not list(banned(line, words)), line
    for line in ("promise, precise and noise", "analysis of hypotheses", '"--normalisation"', "greyhound-free"):
        assert not [what for what in banned(line, spelling) if "greyhound" not in what], line
