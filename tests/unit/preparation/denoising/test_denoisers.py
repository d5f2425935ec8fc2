"""What takes noise off: its names, programs of the user's, and what can go wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.corpora.base import Recording, SoundRecording
from rtmri2speech.data.media.audio import Sound, read_sound
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.preparation.denoising.denoisers import denoised, denoiser_name, part_of
from rtmri2speech.signal.noise.pauses import measure_pauses
from rtmri2speech.signal.noise.spectral_gate import reduce_steady_noise


def recording(video: Path) -> Recording:
    return Recording("hum", "one", video, video.with_suffix(".wav"))


@pytest.fixture
def sound(humming: Path) -> Sound:
    return read_sound(humming.with_suffix(".wav"))


def test_names() -> None:
    assert denoiser_name(None) == denoiser_name("none") == "none"
    assert denoiser_name(" spectral ") == "spectral"
    assert denoiser_name("command:x {in} -o {out}") == "command:x {in} -o {out}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("wiener", "is none of those"),
        ("command: ", "needs its command"),
        ("spectral:2", "takes nothing after its name"),
        ("command:x {in}", "has a place for {in} alone"),
        ("command:x 'y", "no closing quotation"),
    ],
)
def test_other_names_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=r"^`denoise=") as caught:
        denoiser_name(text)
    assert problem in caught.value.problem and caught.value.remedy


def test_spectral_takes_the_noise_off_and_keeps_the_rest(humming: Path, sound: Sound) -> None:
    made = denoised(recording(humming), sound, "spectral")
    np.testing.assert_array_equal(made.sound.samples, reduce_steady_noise(sound.samples, sound.rate))
    before, after = made.pauses.snr, measure_pauses(made.sound.samples, sound.rate).snr
    assert before is not None and after is not None and after > before + 10.0
    assert replace(made.sound, samples=sound.samples) == sound
    assert made.findings == [] and made.delay == 0.0


def test_only_what_belongs_to_the_frames_is_changed(humming: Path, sound: Sound) -> None:
    made = denoised(recording(humming), sound, "spectral", (1.0, 3.0)).sound.samples
    first, last = sound.rate, 3 * sound.rate
    np.testing.assert_array_equal(made[:first], sound.samples[:first])
    np.testing.assert_array_equal(made[last:], sound.samples[last:])
    np.testing.assert_array_equal(made[first:last], reduce_steady_noise(sound.samples[first:last], sound.rate))
    assert len(part_of(sound, (1.0, 3.0))) == 2 * sound.rate and len(part_of(sound, None)) == len(sound.samples)


def test_a_recording_too_short_to_have_a_pause_is_told(
    humming: Path, sound: Sound, program: Callable[..., str]
) -> None:
    (finding,) = denoised(recording(humming), sound, "spectral", (1.0, 3.0)).findings
    assert finding.decision and "2.0 s are short" in finding.problem
    assert denoised(recording(humming), sound, program(), (1.0, 3.0)).findings == []


def test_a_program_is_given_a_wav_and_gives_another(humming: Path, sound: Sound, program: Callable[..., str]) -> None:
    for line in (program(), program(tail=" {in} {out}")):
        made = denoised(recording(humming), sound, line)
        np.testing.assert_allclose(made.sound.samples, sound.samples / 2, atol=4e-5)
        assert made.findings == [] and made.delay == 0.0


def test_a_few_samples_too_few_are_filled_up(humming: Path, sound: Sound, program: Callable[..., str]) -> None:
    made = denoised(recording(humming), sound, program("del samples[-300:]")).sound.samples
    assert len(made) == len(sound.samples) and not made[-300:].any()


def test_a_program_that_is_late_is_told(humming: Path, sound: Sound, program: Callable[..., str]) -> None:
    """The remedy is the offset that puts sound and frames in step again: more sound before the first frame."""
    line = program("samples = array.array('h', [0] * 320) + samples[:-320]")
    made = denoised(replace(recording(humming), sync_offset=0.1), sound, line)
    assert made.delay == 0.02
    (finding,) = made.findings
    assert finding.severity == "warning" and "0.020 s late" in finding.problem
    assert "`sync_offset=0.120`" in finding.remedy


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("samples = samples[:8000]", "was given 4.0"),
        ("params = params._replace(framerate=8000)", "was given 16000 Hz and has written 8000 Hz"),
        ("samples = array.array('h', [0] * len(samples))", "has written silence"),
        ("sys.exit('no model')", "ended with 1: no model"),
        ("sys.exit(0)", "has written no sound to {out}"),
        ("open(sys.argv[2], 'w').write('no'); sys.exit(0)", "cannot be read as a sound file"),
        ("samples = samples[:0]", "holds no sound"),
    ],
)
def test_what_goes_wrong_names_the_file_and_a_remedy(
    humming: Path, sound: Sound, program: Callable[..., str], more: str, problem: str
) -> None:
    with pytest.raises(MediaError) as caught:
        denoised(recording(humming), sound, program(more))
    assert problem in caught.value.problem and caught.value.remedy
    assert caught.value.problem.startswith(f"{humming.with_suffix('.wav')}: `denoise`: ")
    assert "\n" not in caught.value.problem


def test_a_program_that_is_not_there(humming: Path, sound: Sound) -> None:
    with pytest.raises(MediaError, match="cannot be run"):
        denoised(recording(humming), sound, "command:no-such-program-here")


def test_taking_noise_off_twice_is_said(humming: Path, sound: Sound) -> None:
    known = replace(recording(humming), denoised=True)
    (finding,) = denoised(known, sound, "spectral").findings
    assert "before (its corpus delivers it so)" in finding.problem and finding.decision
    sound.samples[: len(sound.samples) // 3] = 0.0
    (finding,) = denoised(SoundRecording("hum", "one", humming), sound, "spectral").findings
    assert "33% of it is digital silence" in finding.problem
