"""Annotations in the spellings that programs and people give them."""

from __future__ import annotations

import json
from collections.abc import Sequence

Entry = tuple[float, float, str]

SPELLINGS = (
    *("long", "short", "one line", "no item line", "class without spaces", "utf-16", "byte-order mark", "crlf"),
    *("chronological", "praatio json", "starts at 100", "tiny start", "tiny overlap", "no length", "comments"),
    *("csv", "csv with semicolons", "tsv"),
)
"""How an annotation may be written."""


def spelled(spelling: str, entries: Sequence[Entry], end: float) -> tuple[str, bytes]:
    """Ending and content of a file with a tier ``marks`` of labeled intervals, and one of labels that look odd."""
    if spelling.startswith(("csv", "tsv")):
        return _table(spelling, entries)
    start, shift = 0.0, 100.0 if spelling == "starts at 100" else 0.0
    if spelling == "tiny start":
        start = 1.4210854715202004e-14
    filled = _filled(entries, start, end)
    if spelling == "tiny overlap":
        filled = [(low, high + 1e-7 if high < end else high, label) for low, high, label in filled]
    if spelling == "no length":
        filled.insert(1, (filled[0][1], filled[0][1], "click"))
    filled = [(low + shift, high + shift, label) for low, high, label in filled]
    start, end = start + shift, end + shift
    odd = [(start, end, 'intervals [3]: "xmin = 7" ! あ')]
    tiers = [("odd", odd), ("marks", filled)]
    if spelling == "praatio json":
        content = {
            "start": start,
            "end": end,
            "tiers": {name: {"type": "IntervalTier", "entries": entries} for name, entries in tiers},
        }
        return "TextGrid", json.dumps(content).encode()
    text = {"short": _short, "chronological": _chronological}.get(spelling, _long)(tiers, start, end)
    if spelling == "one line":
        text = " ".join(text.split("\n"))
    elif spelling == "no item line":
        text = "\n".join(line for line in text.split("\n") if "item" not in line)
    elif spelling == "class without spaces":
        text = text.replace(" = ", "=").replace("Object class", "Object  class")
    elif spelling == "crlf":
        text = text.replace("\n", "\r\n")
    elif spelling == "comments":
        text = text.replace("tiers?", "! made by hand, 2 tiers\ntiers?")
    encoding = {"utf-16": "utf-16", "byte-order mark": "utf-8-sig"}.get(spelling, "utf-8")
    return "TextGrid", text.encode(encoding)


def _filled(entries: Sequence[Entry], start: float, end: float) -> list[Entry]:
    filled, at = [], start
    for low, high, label in entries:
        filled += [(at, low, ""), (low, high, label)]
        at = high
    return [*filled, (at, end, "")]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _long(tiers: Sequence[tuple[str, Sequence[Entry]]], start: float, end: float) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", f"xmin = {start!r}", f"xmax = {end!r}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, entries) in enumerate(tiers, start=1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f"        name = {_quoted(name)}"]
        lines += [f"        xmin = {start!r}", f"        xmax = {end!r}", f"        intervals: size = {len(entries)}"]
        for index, (low, high, label) in enumerate(entries, start=1):
            lines += [f"        intervals [{index}]:", f"            xmin = {low!r}", f"            xmax = {high!r}"]
            lines.append(f"            text = {_quoted(label)}")
    return "\n".join([*lines, ""])


def _short(tiers: Sequence[tuple[str, Sequence[Entry]]], start: float, end: float) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", repr(start), repr(end)]
    lines += ["<exists>", str(len(tiers))]
    for name, entries in tiers:
        lines += ['"IntervalTier"', _quoted(name), repr(start), repr(end), str(len(entries))]
        for low, high, label in entries:
            lines += [repr(low), repr(high), _quoted(label)]
    return "\n".join([*lines, ""])


def _chronological(tiers: Sequence[tuple[str, Sequence[Entry]]], start: float, end: float) -> str:
    lines = [
        '"Praat chronological TextGrid text file"',
        f"{start!r} {end!r}   ! Time domain.",
        f"{len(tiers)}   ! tiers",
    ]
    lines += [f'"IntervalTier" {_quoted(name)} {start!r} {end!r}' for name, _ in tiers]
    every = [(low, number, high, label) for number, (_, part) in enumerate(tiers, 1) for low, high, label in part]
    lines += [f"{number} {low!r} {high!r}\n{_quoted(label)}" for low, number, high, label in sorted(every)]
    return "\n".join([*lines, ""])


def _table(spelling: str, entries: Sequence[Entry]) -> tuple[str, bytes]:
    separator = {"csv": ",", "csv with semicolons": ";", "tsv": "\t"}[spelling]
    rows = [("label", "start", "end"), *((label, repr(low), repr(high)) for low, high, label in entries)]
    text = "".join(separator.join(row) + "\r\n" for row in rows)
    if separator == ";":
        text = text.replace(".", ",")
    return spelling[:3], text.encode("utf-8-sig" if separator == ";" else "utf-8")
