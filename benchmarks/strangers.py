"""How near the speech that a model makes of strangers' videos is to what they said.

    python benchmarks/strangers.py MODEL VIDEO ... [--json FILE]

The sound of a video is its own track, or NAME.wav next to it. F1 and F2 are Praat's of both sounds (robust method), of
frames in which the recorded sound is voiced; r is their correlation over a recording, as is that of levels (dB). Where
noise or a high voice makes Praat take one formant of the recording for another, r says little of the speech that was
made: it is given once more for the frames whose recorded formants a speaker can have, with their share ("likely").

The mel error is compared with that of the recording's own mean mel, which is what a model that knew the speaker and
nothing of the frames could reach. That mean holds how the microphone colored the voice, which no model can see: once
more after each band's mean has been given to the model, too. Hand-labeled vowels (*_vowel_times.csv next to a video)
are told apart by F1 and F2 of the sound that was made. Means over recordings, with the least and the largest.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "src")]

from tract_sound import tell_vowels  # noqa: E402 - next to this file

# F1 and F2 of speakers of all sizes, of vowels and between them.
SPOKEN_HZ = ((200.0, 1200.0), (500.0, 3500.0))


def measure(model: object, video: Path, pixel_mm: float | None) -> dict[str, float]:
    """Figures of one recording."""
    from rtmri2speech.corpora.base import Recording
    from rtmri2speech.metrics.waveform import compare_waves
    from rtmri2speech.phonetics.formants import ceiling_for, formants_at
    from rtmri2speech.phonetics.pitch import pitch_range, pitch_times, pitch_track
    from rtmri2speech.preparation.open_recording import open_recording
    from rtmri2speech.signal.mel import mel_db

    features = model.features  # type: ignore[attr-defined]
    rate = features.sample_rate
    sound = video.with_suffix(".wav")
    recording = Recording(id=video.stem, speaker="s", video=video, audio=sound if sound.is_file() else None)
    opened = open_recording(recording, features, model.frames, on_mismatch="trim")  # type: ignore[attr-defined]
    recorded = np.asarray(opened.samples, np.float64)
    options = {} if pixel_mm is None else {"pixel_mm": pixel_mm}
    speech = model.synthesize(video, **options)  # type: ignore[attr-defined]
    hop = features.hop_length
    made = np.asarray(speech.wave[opened.first * hop :], np.float64)
    samples = min(len(recorded), len(made)) // hop * hop
    recorded, made = recorded[:samples], made[:samples]
    track = pitch_track(recorded, rate, *pitch_range([recorded], rate))
    times = pitch_times(len(track), samples / rate)
    voiced = times[track > 0]
    ceiling = ceiling_for(track, rate / 2)
    true, found = (formants_at(wave, rate, voiced, ceiling, 2) for wave in (recorded, made))
    mels = [mel_db(wave.astype(np.float32), features) for wave in (recorded, made)]
    levels = [10.0 * np.log10((10.0 ** (mel / 10.0)).sum(axis=1)) for mel in mels]
    figures = {f"r_f{n + 1}": correlation(true[:, n], found[:, n]) for n in (0, 1)}
    likely = np.all([(true[:, n] > low) & (true[:, n] < high) for n, (low, high) in enumerate(SPOKEN_HZ)], axis=0)
    figures |= {f"r_f{n + 1}_likely": correlation(true[likely, n], found[likely, n]) for n in (0, 1)}
    figures["likely"] = float(likely.mean())
    ratios = {f"ratio_f{n + 1}": float(np.nanmedian(found[:, n] / true[:, n])) for n in (0, 1)}
    predicted = speech.mel_db[opened.first :][: len(mels[0])]
    offset = (mels[0] - predicted).mean(axis=0)
    whole = np.asarray(speech.wave, np.float64)
    frames = (np.arange(len(whole) // hop) + 0.5) * hop / rate
    tell_vowels(video, formants_at(whole, rate, frames, ceiling, 2), rate / hop)
    compared = compare_waves(recorded.astype(np.float32), made.astype(np.float32), rate)
    return {
        **figures,
        **ratios,
        "r_level": correlation(*levels),
        "estoi": compared["estoi"],
        "mel_mae_db": float(np.abs(mels[0] - predicted).mean()),
        "mel_mae_db_colored_alike": float(np.abs(mels[0] - predicted - offset).mean()),
        "own_mean_mel_mae_db": float(np.abs(mels[0] - mels[0].mean(axis=0)).mean()),
    }


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Of two tracks where both are known."""
    known = np.isfinite(one) & np.isfinite(other)
    return float(np.corrcoef(one[known], other[known])[0, 1]) if known.sum() > 2 else float("nan")


def main() -> int:
    """Read the command line, measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", help="model file, or name of a shipped model")
    parser.add_argument("videos", nargs="+", type=Path)
    parser.add_argument("--pixel-mm", type=float)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path, help="file to write the means to")
    given = parser.parse_args()
    from rtmri2speech.inference.model import load_model

    model = load_model(given.model, given.device)
    rows = []
    for video in given.videos:
        rows.append(measure(model, video, given.pixel_mm))
        print(video.name, " ".join(f"{name} {value:.3f}" for name, value in rows[-1].items()), flush=True)
    means = {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}
    for name, mean in means.items():
        values = [row[name] for row in rows]
        print(f"{name:22} {mean:8.3f}  ({min(values):.3f} to {max(values):.3f})")
    if given.json:
        given.json.write_text(json.dumps({"recordings": len(rows), **means}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
