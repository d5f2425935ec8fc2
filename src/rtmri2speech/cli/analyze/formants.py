"""``rtmri2speech analyze formants``."""

from __future__ import annotations

from pathlib import Path

from rtmri2speech.cli.analyze.options import Ceiling, Columns, Out


def formants(sound: Path, /, *, out: Out, ceiling: Ceiling = None, columns: Columns = 2) -> int:
    """Measure F0 and F1 to F4 of a sound, every 10 ms.

    Writes NAME_formants.csv, NAME.PitchTier and NAME_voiced.TextGrid for Praat, and a figure of the tracks over the
    spectrogram as PDF, SVG and PNG.

    Parameters
    ----------
    sound
        A sound file, or a video: then NAME.wav next to it, or its sound track.
    """
    from rtmri2speech.corpora.sound_of_recording import sound_of
    from rtmri2speech.phonetics.tracks import formants as measure_formants
    from rtmri2speech.reporting.figures.phonetics import draw_tracks

    tracks = measure_formants(sound_of(sound), ceiling)
    files = tracks.save(out / sound.stem)
    draw_tracks(out / f"{sound.stem}_formants", tracks, columns, sound.name)
    print(f"{files[0]}: {tracks.in_words}")
    return 0
