"""What ``prepare --denoise`` does to speech in a scanner's noise: level in pauses, intelligibility, formants, words.

    python benchmarks/denoise.py [--phantom FOLDER] [--speech FOLDER ...] [--noise NOISE.wav] [--start S --end S]
        [--snr 40 10 5 0] [--recognizer pocketsphinx] [--other] [--denoise command:...]

Clean speech (a phantom with a silent scanner, made for the purpose unless one is given, and wav files of any folder)
gets noise at levels that are known: that of the phantom's scanner (coils that ring at every excitation; gradient echo
of 3 ms in frames of 12 ms, and of 6.16 ms in frames of 43.1 ms) and, with --noise, a recorded one. What is left of the
noise, and what became of the speech, is measured against the clean sound:

- snr: speech above pauses, dB, as ``check`` prints it
- estoi, si_sdr: extended STOI, and scale-invariant signal-to-distortion ratio, dB
- f1_hz, f2_hz: difference of the medians over frames of 10 ms that are voiced in the clean sound (mean of the files'
  absolute differences), f1_r, f2_r: correlation over these frames
- wer: word errors of a recognizer, percent, of files with NAME.txt or in a table; all files of a folder together

--other adds the package noisereduce, where it is installed. A level of speech is that of its frames of 20 ms within
20 dB of the loudest.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pystoi import stoi

from rtmri2speech.corpora.base import SoundRecording
from rtmri2speech.data.media.audio import Sound, read_sound, resample
from rtmri2speech.evaluation.intelligibility.edit_distance import edit_distance
from rtmri2speech.evaluation.intelligibility.session import Listening, listening
from rtmri2speech.evaluation.intelligibility.units import words_of
from rtmri2speech.metrics.contours import correlation
from rtmri2speech.phonetics.formants import ceiling_for, formants_at
from rtmri2speech.phonetics.pitch import pitch_range, pitch_times, pitch_track
from rtmri2speech.preparation.denoising.denoisers import denoised
from rtmri2speech.signal.noise.pauses import measure_pauses
from rtmri2speech.simulation.acquisition.microphone import record
from rtmri2speech.simulation.phantom import simulate
from rtmri2speech.simulation.speaker.vocaltractlab import SAMPLE_RATE

Wave = NDArray[np.float32]
RATE = 16_000
SEQUENCES = {"3 ms": (0.003, 0.012), "6.16 ms": (0.00616, 0.0431)}
NUMBERS = ("snr", "estoi", "si_sdr", "f1_hz", "f1_r", "f2_hz", "f2_r")


@dataclass
class Speech:
    name: str
    wave: Wave
    times: NDArray[np.float64]
    ceiling: float
    formants: NDArray[np.float64]
    said: tuple[str, ...]

    @classmethod
    def of(cls, path: Path, heard: Listening | None) -> Speech:
        sound = read_sound(path)
        wave = resample(sound.samples, sound.rate, RATE)
        double = wave.astype(np.float64)
        f0 = pitch_track(double, RATE, *pitch_range([double], RATE))
        times = pitch_times(len(f0), len(wave) / RATE)[f0 > 0]
        ceiling = ceiling_for(f0, RATE / 2)
        truth = heard.truth([path.stem], [path.with_suffix("")]) if heard else None
        said = words_of(truth.text) if truth else ()
        return cls(path.stem, wave, times, ceiling, formants_at(wave, RATE, times, ceiling, 2, 0.01), said)

    @property
    def level(self) -> float:
        power = np.convolve(self.wave.astype(np.float64) ** 2, np.full(320, 1 / 320), "same")
        return float(np.sqrt(power[power >= 0.01 * power.max()].mean()))


def scanner(count: int, sequence: tuple[float, float], seed: int) -> Wave:
    """The phantom's scanner alone, root mean square 1."""
    length = round(count * SAMPLE_RATE / RATE) + 1
    noise = record(np.zeros(1), length, SAMPLE_RATE, np.random.default_rng(seed), *sequence, 0.0)
    return unit(resample(noise, SAMPLE_RATE, RATE)[:count])


def unit(wave: Wave) -> Wave:
    return np.asarray(wave / np.sqrt(np.mean(np.square(wave, dtype=np.float64))), np.float32)


def recorded(path: Path, start: float, end: float | None) -> Callable[[int, int], Wave]:
    sound = read_sound(path)
    wave = resample(sound.samples, sound.rate, RATE)[int(start * RATE) : None if end is None else int(end * RATE)]

    def part(count: int, seed: int) -> Wave:
        first = np.random.default_rng(seed).integers(0, max(1, len(wave) - count))
        return unit(np.resize(wave[first:], count))

    return part


def si_sdr(clean: Wave, found: Wave) -> float:
    one, other = clean.astype(np.float64), found.astype(np.float64)
    part = one * (one @ other) / (one @ one)
    return 10 * float(np.log10(np.sum(part**2) / np.sum((other - part) ** 2)))


def measure(speech: Speech, wave: Wave) -> dict[str, float]:
    found = formants_at(wave, RATE, speech.times, speech.ceiling, 2, 0.01)
    level = measure_pauses(wave, RATE).snr
    values = {"snr": np.nan if level is None else level, "si_sdr": si_sdr(speech.wave, wave)}
    values["estoi"] = float(stoi(speech.wave, wave, RATE, extended=True))
    for number in (0, 1):
        one, other = speech.formants[:, number], found[:, number]
        values[f"f{number + 1}_hz"] = abs(float(np.nanmedian(other) - np.nanmedian(one)))
        values[f"f{number + 1}_r"] = correlation(one, other)
    return values


def by_program(name: str) -> Callable[[Wave], Wave]:
    def run(wave: Wave) -> Wave:
        return denoised(SoundRecording("x", "x", Path("x.wav")), Sound(wave, RATE, 0.0), name).sound.samples

    return run


def methods(denoise: list[str], other: bool) -> dict[str, Callable[[Wave], Wave]]:
    chosen = {"none": lambda wave: wave} | {name: by_program(name) for name in denoise}
    if other and find_spec("noisereduce"):
        from noisereduce import reduce_noise

        for still in (True, False):
            name = f"noisereduce, {'stationary' if still else 'not stationary'}"
            chosen[name] = lambda wave, still=still: reduce_noise(wave, RATE, stationary=still).astype(np.float32)
    return chosen


def rows(
    files: list[Speech],
    noises: dict[str, Callable[[int, int], Wave]],
    ways: dict[str, Callable[[Wave], Wave]],
    levels: list[float],
    heard: Listening | None,
) -> Iterator[list[str]]:
    for noise, make in noises.items():
        for level in levels:
            for way, run in ways.items():
                found, errors, words = [], 0, 0
                for seed, speech in enumerate(files):
                    added = make(len(speech.wave), seed) * speech.level * 10 ** (-level / 20)
                    wave = run((speech.wave + added).astype(np.float32))
                    found.append(measure(speech, wave))
                    if heard and speech.said:
                        errors += edit_distance(speech.said, words_of(heard.recognizer.recognize(wave, RATE)))
                        words += len(speech.said)
                percent = f"{100 * errors / words:.0f}" if words else ""
                means = [float(np.nanmean([one[name] for one in found])) for name in NUMBERS]
                yield [noise, f"{level:g}", way, *(f"{mean:.2f}" for mean in means), percent]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phantom", type=Path)
    parser.add_argument("--files", type=int, default=3, help="of the phantom; 0 for none")
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--noise", type=Path)
    parser.add_argument("--start", type=float, default=0.0, help="of the noise, s")
    parser.add_argument("--end", type=float, help="of the noise, s")
    parser.add_argument("--noises", nargs="*", help="of 3 ms, 6.16 ms and recorded; all by default")
    parser.add_argument("--snr", type=float, nargs="+", default=[40.0, 10.0, 5.0, 0.0])
    parser.add_argument("--recognizer")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--denoise", nargs="*", default=["spectral"])
    parser.add_argument("--other", action="store_true")
    options = parser.parse_args()
    heard = listening(options.recognizer, None, options.texts, None)
    noises: dict[str, Callable[[int, int], Wave]] = {
        name: lambda count, seed, sequence=sequence: scanner(count, sequence, seed)
        for name, sequence in SEQUENCES.items()
    }
    if options.noise is not None:
        noises["recorded"] = recorded(options.noise, options.start, options.end)
    noises = {name: make for name, make in noises.items() if options.noises is None or name in options.noises}
    with tempfile.TemporaryDirectory() as scratch:
        phantom = options.phantom
        if phantom is None and options.files:
            phantom = Path(scratch) / "phantom"
            simulate(phantom, minutes=0.3, speakers=1, utterance_seconds=3.0, seed=0, workers=1)
        for folder in (*([phantom] if options.files else []), *options.speech):
            paths = sorted(folder.rglob("*.wav"))
            files = [Speech.of(path, heard) for path in (paths[: options.files] if folder == phantom else paths)]
            name = "phantom" if folder == phantom else folder.name
            print(f"\n{name}, {len(files)} files, {sum(len(one.wave) for one in files) / RATE:.1f} s\n")
            print(f"| noise | dB | denoise | {' | '.join(NUMBERS)} | wer |")
            print("|---" * (len(NUMBERS) + 4) + "|")
            for row in rows(files, noises, methods(options.denoise, options.other), options.snr, heard):
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
