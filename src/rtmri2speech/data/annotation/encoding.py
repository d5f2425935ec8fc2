"""The characters of an annotation's bytes."""

from __future__ import annotations

import codecs
import re

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROL = re.compile(r"[\x80-\x9f]")


def decode(content: bytes) -> tuple[str, str | None]:
    """Text, and the encoding's name where it had to be guessed.

    Byte-order marks decide, then UTF-8 where all bytes are; like Praat, everything else is Latin-1. Only that
    Latin-1 has no use for the bytes 80 to 9F, with which kana and the older half of kanji start in Shift-JIS, and
    which are accented letters on old Macs.

    Raises:
        UnicodeDecodeError: when a byte-order mark is wrong.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding), None
    if content[:1] and b"\0" in content[:2] and len(content) % 2 == 0:
        return content.decode("utf-16-be" if content[0] == 0 else "utf-16-le"), "UTF-16"
    try:
        return content.decode("utf-8"), None
    except UnicodeDecodeError:
        latin = content.decode("latin-1")
    if not _CONTROL.search(latin):
        return latin, "Latin-1"
    try:
        return content.decode("cp932"), "Shift-JIS"
    except UnicodeDecodeError:
        return content.decode("mac-roman"), "Mac Roman"
