"""Error rates: counted by hand, pooled, with ceiling and floor."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rtmri2speech.evaluation.intelligibility.rates import Intelligibility, Recognized
from rtmri2speech.evaluation.intelligibility.recognizers import Recognizer, parse_recognizer
from rtmri2speech.evaluation.intelligibility.table import rate_table
from rtmri2speech.evaluation.intelligibility.texts import Truth
from rtmri2speech.evaluation.intelligibility.units import Pronunciations

WORDS = Recognizer("command", "x")
PHONES = Recognizer("command-phones", "x")


def spoken(recognizer: Recognizer, *rows: tuple[str | None, str, str], **options: object) -> Intelligibility:
    """Utterances of (said, recognized in the recorded sound, recognized in the made one)."""
    utterances = [
        Recognized(f"u{index}", None if said is None else Truth(said), {"recorded": recorded, "generated": made})
        for index, (said, recorded, made) in enumerate(rows)
    ]
    return Intelligibility(recognizer, utterances, "generated", **options)  # type: ignore[arg-type]


def test_errors_are_summed_before_they_are_divided() -> None:
    found = spoken(WORDS, ("a b c d", "a b c d", "a x c"), ("e f", "e", "e f g"))
    assert found.value("recorded", "wer") == pytest.approx(1 / 6)
    assert found.value("generated", "wer") == pytest.approx((2 + 1) / 6)
    # Against the recorded sound as it was recognized: a b c d and e.
    assert found.value("generated", "dwer") == pytest.approx((2 + 2) / 5)
    assert math.isnan(found.value("recorded", "dwer")), "it would be none by definition"
    rate = next(one for one in found.rates if (one.sound, one.measure) == ("generated", "wer"))
    assert (rate.errors, rate.units, rate.utterances) == (3, 6, 2) and rate.low <= rate.value <= rate.high


def test_the_floor_is_the_text_of_another_utterance() -> None:
    found = spoken(WORDS, ("a b", "a b", "a b"), ("a b", "a b", "a b"), ("c d", "c d", "c d"))
    assert found.value("generated", "wer") == 0.0
    # The first two say the same: held against the third. The third is held against the first.
    assert found.value("shuffled", "wer") == 1.0
    assert math.isnan(spoken(WORDS, ("a", "a", "a")).value("shuffled", "wer")), "there is no other"


def test_nothing_recognized_is_all_wrong() -> None:
    assert spoken(WORDS, ("a b", "", "")).value("generated", "wer") == 1.0


def test_without_texts_the_recorded_sound_is_what_remains() -> None:
    found = spoken(WORDS, (None, "a b", "a"), (None, "c", "c"))
    assert found.value("generated", "dwer") == pytest.approx(1 / 3)
    assert math.isnan(found.value("generated", "wer"))
    assert found.notes[0] == "2 of 2 utterance(s) have no text and count against the recorded sound alone"


def test_phones_by_dictionary_leave_out_what_it_lacks() -> None:
    words = Pronunciations(Path("d"), {"a": ("AH",), "cat": ("K", "AE", "T")})
    found = spoken(WORDS, ("a cat", "a cat", "a"), ("a dog", "a", "a"), pronunciations=words)
    assert found.value("generated", "per") == pytest.approx(3 / 4)
    assert "1 of 2 text(s) have a word without pronunciation, or phones of another alphabet" in found.notes


def test_a_phone_recognizer_gives_phones_alone() -> None:
    utterances = [Recognized("u", Truth("", ("k", "ae", "t")), {"recorded": "SIL K AE T", "generated": "K +NSN+ EH T"})]
    found = Intelligibility(PHONES, utterances, "generated")
    assert found.measures == ["per", "dper"]
    assert found.value("recorded", "per") == 0.0 and found.value("generated", "per") == pytest.approx(1 / 3)


def test_japanese_is_counted_in_kana_and_morae() -> None:
    found = spoken(WORDS, ("きょうは", "きょーわ", "きょう"))
    assert found.japanese and found.measures[:3] == ["cer", "mer", "per"]
    # キョーハ against キョーワ and キョー: of four letters, of two morae, of four phones.
    assert [found.value("recorded", name) for name in ("cer", "mer", "per")] == pytest.approx([1 / 4, 1 / 2, 1 / 4])
    assert [found.value("generated", name) for name in ("cer", "mer", "per")] == pytest.approx([1 / 4, 1 / 2, 2 / 4])


def test_a_recognized_text_that_is_no_japanese_is_said() -> None:
    found = spoken(WORDS, ("きょうは", "きょうは", "%kyo#"))
    assert found.value("generated", "mer") == 1.0
    assert "1 recognized text(s) cannot be read as Japanese and count as nothing recognized" in found.notes


def test_digits_and_a_recognizer_of_another_language_are_said() -> None:
    assert any(note.startswith("digits in texts of 1") for note in spoken(WORDS, ("two", "2", "2")).notes)
    assert any("pocketsphinx is English" in note for note in spoken(Recognizer("pocketsphinx"), ("あ", "", "")).notes)


def test_rows_and_table() -> None:
    found = spoken(WORDS, ("a b", "a b", "a"), ("c d", "c", "c d"))
    first = found.rows()[1]
    assert (first["id"], first["sound"], first["said"], first["recognized"]) == ("u0", "generated", "a b", "a")
    assert first["wer"] == 0.5 and first["per"] is None
    sounds, rows = rate_table(found)
    assert sounds == ["recorded", "generated", "shuffled"]
    assert rows[0][0] == "wer" and rows[0][1].startswith("25.0 % [") and not any(row[0] == "per" for row in rows)
    assert found.about()["recognizer"] == "command:x"


def test_the_shipped_phones_have_no_length_and_say_which_they_lack() -> None:
    utterances = [Recognized("u", Truth("", ("k", "a:", "sh", "i")), {"recorded": "k a s i", "generated": "k i"})]
    found = Intelligibility(parse_recognizer("phones"), utterances, "generated")
    assert found.measures == ["per", "dper"] and found.japanese
    assert found.value("recorded", "per") == 1 / 4 and found.value("generated", "per") == 2 / 4
    assert "1 of 4 phones are none that phones writes (sh): all are errors" in found.notes
