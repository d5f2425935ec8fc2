"""The images of a measured tract, of the clip that comes with the program: ``docs/images/tract_*.png``.

python docs/scripts/tract.py            # a minute on two cores; needs Praat (extra phonetics)
"""

from __future__ import annotations

from pathlib import Path

from rtmri2speech.assets import asset
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.drawing.style import new_drawing, save_drawing
from rtmri2speech.vocal_tract.against_sound.recording import compare_with_sound
from rtmri2speech.vocal_tract.measurement.figures import plot_recording
from rtmri2speech.vocal_tract.measurement.measure import tract

IMAGES = Path(__file__).parents[1] / "images"
# In the middle of a vowel.
FRAME = 60


def main() -> None:
    (video,) = sorted(asset("clip").glob("*/*.mp4"))
    scan = scan_video(video)
    found = tract(scan)
    comparison = compare_with_sound(found, scan)
    gray = next(frame for number, frame in enumerate(scan.read()) if number == FRAME)
    save_drawing(found.show(FRAME, gray), IMAGES / "tract_frame.png")
    figure = new_drawing(9.0, 6.2)
    plot_recording(figure, found, comparison)
    save_drawing(figure, IMAGES / "tract_over_time.png")
    save_drawing(comparison.show(), IMAGES / "tract_formants.png")
    print(*comparison.lines(), *comparison.notes, sep="\n")


if __name__ == "__main__":
    main()
