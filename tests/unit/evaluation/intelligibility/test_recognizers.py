"""Recognizers: those that are here, those that are imitated, and what is refused."""

from __future__ import annotations

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rtmri2speech.data.media.audio import read_sound, resample
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.evaluation.intelligibility import recognizers
from rtmri2speech.evaluation.intelligibility.recognizers import RATE, Recognizer, parse_recognizer
from rtmri2speech.signal import defaults

SPOKEN = Path(__file__).parents[3] / "golden" / "spoken"
WAVE = (0.1 * np.random.default_rng(0).standard_normal(8000)).astype(np.float32)


@pytest.fixture(autouse=True)
def _nothing_is_kept_open() -> None:
    recognizers._opened.cache_clear()


def module(monkeypatch: pytest.MonkeyPatch, name: str, **contents: Any) -> None:
    made = ModuleType(name)
    made.__spec__ = ModuleSpec(name, None)
    vars(made).update(contents)
    monkeypatch.setitem(sys.modules, name, made)


def script(folder: Path, code: str) -> str:
    """A command line that runs a program in Python."""
    path = folder / "recognizer.py"
    path.write_text(code, encoding="utf-8")
    return f'"{sys.executable}" -S "{path}"'


@pytest.mark.parametrize("name", ["goforward", "something"])
def test_pocketsphinx_understands_people_and_no_noise(name: str) -> None:
    pytest.importorskip("pocketsphinx", reason="the extra intelligibility is not installed")
    sound, said = read_sound(SPOKEN / f"{name}.flac"), (SPOKEN / f"{name}.txt").read_text(encoding="utf-8")
    words = parse_recognizer("pocketsphinx")
    narrow = resample(sound.samples, sound.rate, defaults.SAMPLE_RATE)
    assert words.recognize(sound.samples, sound.rate) == said.strip().rstrip(".").lower()
    assert words.recognize(narrow, defaults.SAMPLE_RATE) == said.strip().rstrip(".").lower()
    assert words.recognize(WAVE, RATE) == ""


def test_what_pocketsphinx_finds_does_not_depend_on_what_came_before() -> None:
    pytest.importorskip("pocketsphinx", reason="the extra intelligibility is not installed")
    phones = parse_recognizer("pocketsphinx-phones")
    one, other = (read_sound(SPOKEN / f"{name}.flac").samples for name in ("goforward", "something"))
    first = phones.recognize(one, RATE)
    assert first.split()[1:4] == ["G", "OW", "F"]
    phones.recognize(other, RATE)
    assert phones.recognize(one, RATE) == first


def test_a_command_is_given_a_wav_and_prints_the_text(tmp_path: Path) -> None:
    code = "import sys, wave\nw = wave.open(sys.argv[1])\nprint(w.getframerate(), w.getnframes(), sep=chr(10))"
    assert parse_recognizer(f"command:{script(tmp_path, code)}").recognize(WAVE, 8000) == f"{RATE} 16000"


def test_a_command_says_where_the_wav_goes(tmp_path: Path) -> None:
    line = script(tmp_path, "import os, sys\nprint(sys.argv[1], os.path.exists(sys.argv[2]), sys.argv[3])")
    recognizer = parse_recognizer(f"command-phones:{line} --in {{wav}} --x")
    assert recognizer.phones and recognizer.recognize(WAVE, RATE) == "--in True --x"


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    line = script(tmp_path, "import sys\nsys.exit('no model')")
    with pytest.raises(UserError, match=r"ended with 1: no model"):
        parse_recognizer(f"command:{line}").recognize(WAVE, RATE)
    with pytest.raises(UserError, match="cannot be run"):
        parse_recognizer("command:no-such-program-here").recognize(WAVE, RATE)


def test_whisper_is_called_with_one_temperature_and_the_language(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[Any, ...]] = []

    class WhisperModel:
        def __init__(self, path: str, **options: Any) -> None:
            calls.append((path, options))

        def transcribe(self, samples: np.ndarray, **options: Any) -> tuple[list[SimpleNamespace], None]:
            calls.append((samples.dtype, len(samples), options))
            return [SimpleNamespace(text=" one "), SimpleNamespace(text="two")], None

    module(monkeypatch, "faster_whisper", WhisperModel=WhisperModel)
    recognizer = parse_recognizer(f"faster-whisper:{tmp_path}", "ja")
    assert recognizer.recognize(WAVE, 8000) == "one two"
    assert calls[0] == (str(tmp_path), {"device": "cpu", "local_files_only": True})
    assert calls[1][:2] == (np.float32, 16000)
    assert (calls[1][2]["language"], calls[1][2]["temperature"]) == ("ja", 0.0)


def test_vosk_is_given_16_bits_and_all_its_results_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class KaldiRecognizer:
        def __init__(self, model: str, rate: int) -> None:
            assert (model, rate) == (str(tmp_path), RATE)

        def AcceptWaveform(self, data: bytes) -> bool:
            return len(data) == 2 * len(WAVE)

        def Result(self) -> str:
            return json.dumps({"text": "one"})

        def FinalResult(self) -> str:
            return json.dumps({"text": "two"})

    module(monkeypatch, "vosk", Model=str, KaldiRecognizer=KaldiRecognizer, SetLogLevel=lambda _: None)
    assert parse_recognizer(f"vosk:{tmp_path}").recognize(WAVE, RATE) == "one two"


def test_a_folder_without_a_model_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("model.bin missing")

    module(monkeypatch, "faster_whisper", WhisperModel=refuse)
    with pytest.raises(UserError, match=r"faster-whisper cannot open it \(model.bin missing\)"):
        parse_recognizer(f"faster-whisper:{tmp_path}").open()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("siri", "no such recognizer"),
        ("vosk", "needs its path"),
        ("command:", "needs its command"),
        ("pocketsphinx:model", "takes nothing after its name"),
    ],
)
def test_what_is_no_recognizer(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_recognizer(text)


def test_a_package_and_a_folder_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizers, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="faster_whisper is not installed"):
        parse_recognizer("faster-whisper:x")
    monkeypatch.setattr(recognizers, "find_spec", lambda _: object())
    with pytest.raises(UserError, match="nowhere: no such folder"):
        parse_recognizer("vosk:nowhere")


def test_its_name_is_the_users() -> None:
    assert Recognizer("vosk", "m").name == "vosk:m" and Recognizer("pocketsphinx").name == "pocketsphinx"
