"""Japanese text to morae."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest

from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.simulation.speech.kana import kana_of, read_text


def spoken(text: str) -> str:
    return " | ".join(" ".join("".join(mora) for mora in phrase) for phrase in read_text(text, "a.txt, line 1"))


@pytest.mark.parametrize(
    ("text", "morae"),
    [
        ("あいうえお", "a i u e o"),
        ("こんにちわ、きょうわ", "ko N ni chi wa | kyo: wa"),
        ("がっこう せんせい", "ga q ko: | se N se:"),
        ("おおきい かあさん", "o: ki: | ka: sa N"),
        ("ファイル ティー ヴァイオリン", "fa i ru | ti: | ba i o ri N"),
        ("じゃ じゅ じょ ぢゃ", "ja | ju | jo | ja"),
        ("ﾆｬｰ", "nya:"),
        ("つづく ふね を", "tsu zu ku | fu ne | o"),
        ("わゐゑを", "wa i e o"),
        ("ラーメン。ラーメン！", "ra: me N | ra: me N"),
        ("か゛", "ga"),
    ],
)
def test_kana(text: str, morae: str) -> None:
    assert spoken(text) == morae


def test_every_kana_has_a_sound() -> None:
    small = "ぁぃぅぇぉっゃゅょゎゕゖ"
    for code in range(ord("ぁ"), ord("ん") + 1):
        if chr(code) not in small:
            assert read_text(chr(code), "a"), chr(code)


@pytest.mark.parametrize("text", ["", "、。", "   "])
def test_nothing_to_say(text: str) -> None:
    with pytest.raises(ConfigError, match=r"a\.txt, line 3: nothing to say"):
        read_text(text, "a.txt, line 3")


def test_kanji_need_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyopenjtalk", None)
    with pytest.raises(UserError, match="'追' is no kana") as raised:
        read_text("おう、追う", "a.txt, line 1")
    assert "rtmri2speech[japanese]" in str(raised.value.remedy)


@pytest.mark.skipif(find_spec("pyopenjtalk") is None, reason="pyopenjtalk-plus is not installed")
def test_kanji_through_the_extra(capsys: pytest.CaptureFixture[str]) -> None:
    # The verb is two vowels, and the particle is no part of a long one.
    assert spoken("追う、今日は学校へ行きます") == "o u | kyo: wa ga q ko: e i ki ma su"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("がっこう", "ガッコー"),
        ("ヴァイオリン ぢゃ", "バイオリンジャ"),
        ("てぃー、ふぉーく", "ティーフォーク"),
        ("きょうを", "キョーオ"),
    ],
)
def test_morae_have_one_spelling_as_kana(text: str, kana: str) -> None:
    phrases = read_text(text, "here")
    assert kana_of(phrases) == kana
    assert [m for p in read_text(kana, "here") for m in p] == [m for p in phrases for m in p]
