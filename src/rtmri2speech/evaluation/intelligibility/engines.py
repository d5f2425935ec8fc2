"""The recognizers themselves, each opened by a function that returns what takes a wave and gives its text."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Floating
from rtmri2speech.assets import asset
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.errors import UserError
from rtmri2speech.programs import run_program, words_of

# Where a command is to find the sound.
_PLACE = "{wav}"
_TRY = "Try the command on one wav file in a terminal; it has to print the text and end with 0."


def shipped_phones(rate: int) -> Callable[[Floating], str]:
    """The phone recognizer that comes with the program, trained on simulated speech alone.

    Args:
        rate: samples per second.

    Raises:
        BundleError: when its file is missing or damaged.
    """
    from rtmri2speech.evaluation.intelligibility.phone_network import load_phone_network

    network = load_phone_network(asset("phones/phones.safetensors"))
    return lambda wave: " ".join(network.read(wave, rate))


def pocketsphinx(rate: int, phones: bool = False) -> Callable[[Floating], str]:
    """PocketSphinx with the English model that its package brings, for words or for phones.

    Nothing is carried over from one utterance to the next (the mean of the cepstrum, the features' own state), so that
    their order does not matter.

    Args:
        rate: samples per second.
        phones: recognize phones (ARPAbet) by the package's own statistics of phones, without words.
    """
    import pocketsphinx as package

    options: dict[str, Any] = {"samprate": rate, "loglevel": "FATAL", "cmn": "batch"}
    if phones:
        options |= {"allphone": package.get_model_path("en-us/en-us-phone.lm.bin"), "lw": 2.0, "lm": None}
        options |= {"beam": 1e-20, "pbeam": 1e-20}
    decoder = package.Decoder(**options)

    def recognize(wave: Floating) -> str:
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw(_as_16_bits(wave), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return "" if found is None else str(found.hypstr)

    return recognize


def pocketsphinx_dictionary() -> Path:
    """The file with the English pronunciations (CMU's dictionary) that PocketSphinx brings."""
    import pocketsphinx as package

    return Path(package.get_model_path("en-us/cmudict-en-us.dict"))


def faster_whisper(model: Path, language: str | None, device: str) -> Callable[[Floating], str]:
    """Whisper by CTranslate2, from a folder: beams of 5, temperature 0, no text carried over.

    Args:
        model: folder of a converted model.
        language: two letters; None lets it guess, utterance by utterance.
        device: ``cpu`` or ``cuda``.

    Raises:
        UserError: when the folder holds no such model.
    """
    from faster_whisper import WhisperModel

    try:
        network = WhisperModel(str(model), device=device, local_files_only=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise _no_model(model, "faster-whisper", error) from None

    def recognize(wave: Floating) -> str:
        samples = np.asarray(wave, np.float32)
        options: dict[str, Any] = {"beam_size": 5, "temperature": 0.0, "condition_on_previous_text": False}
        segments, _ = network.transcribe(samples, language=language, **options)
        return " ".join(segment.text.strip() for segment in segments)

    return recognize


def vosk(model: Path, rate: int) -> Callable[[Floating], str]:
    """Vosk (Kaldi), from the folder of a model.

    Args:
        model: the folder.
        rate: samples per second.

    Raises:
        UserError: when the folder holds no such model.
    """
    import vosk as package

    package.SetLogLevel(-1)
    try:
        network = package.Model(str(model))
    except Exception as error:  # plain Exception is what the package raises
        raise _no_model(model, "vosk", error) from None

    def recognize(wave: Floating) -> str:
        decoder = package.KaldiRecognizer(network, rate)
        found = [decoder.Result()] if decoder.AcceptWaveform(_as_16_bits(wave)) else []
        found.append(decoder.FinalResult())
        return " ".join(str(json.loads(part).get("text", "")) for part in found)

    return recognize


def command(line: str, rate: int) -> Callable[[Floating], str]:
    """A program of the user's, which is given the path of a wav file and prints the text.

    Args:
        line: the command line; ``{wav}`` stands for the file, which otherwise is put at the end. No shell reads it.
        rate: of the wav file (16 bits, mono).
    """
    words = words_of(line, _PLACE)

    def recognize(wave: Floating) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "utterance.wav"
            write_wav(path, np.clip(wave, -1.0, 1.0), rate)
            return " ".join(
                run_program([word.replace(_PLACE, str(path)) for word in words], "recognizer", _TRY).split()
            )

    return recognize


def _as_16_bits(wave: Floating) -> bytes:
    return (np.clip(wave, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes()


def _no_model(model: Path, program: str, error: Exception) -> UserError:
    said = str(error).strip().splitlines()
    return UserError(
        f"{model}: {program} cannot open it{f' ({said[-1]})' if said else ''}.", "Give the folder of its model."
    )
