"""Options and speakers of a phantom from plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.acquisition.mri import ScannerConfig
from rtmri2speech.simulation.options import PhantomOptions, choose_speakers, make_options
from rtmri2speech.simulation.speaker.anatomy import draw_speakers
from rtmri2speech.simulation.speaker.speaker_file import SpeakerFile

DEFAULTS: dict[str, Any] = {
    **{"minutes": 10.0, "seed": 0, "utterance_seconds": 6.0},
    **{"matrix": None, "snr": None, "undersampling": 0.0, "scanner_snr": None},
}


def test_values_that_are_not_given_are_the_scanners_own() -> None:
    assert make_options(**DEFAULTS) == PhantomOptions(minutes=10.0)
    given = make_options(**{**DEFAULTS, "matrix": 90, "undersampling": 0.5, "scanner_snr": 10.0})
    assert given.scanner == ScannerConfig(matrix=90, ghosting=0.5) and given.scanner_snr_db == 10.0


@pytest.mark.parametrize(
    ("name", "value"), [("minutes", 0.0), ("seed", -1), ("matrix", 500), ("snr", 0.0), ("undersampling", 2.0)]
)
def test_a_value_out_of_range_is_called_by_its_parameter(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"`{name}`"):
        make_options(**{**DEFAULTS, name: value})


def test_speakers_are_given_drawn_or_read(tmp_path: Path) -> None:
    people = draw_speakers(3, 1)
    assert choose_speakers(None, None, 1) == choose_speakers(3, None, 1) == choose_speakers(tuple(people), None, 5)
    path = tmp_path / "people.yaml"
    path.write_text("anna: {sex: female}\n", encoding="utf-8")
    assert [speaker.name for speaker in choose_speakers(None, path, 0)] == ["anna"]
    with pytest.raises(ConfigError, match="`speakers` and `anatomy` exclude each other"):
        choose_speakers(2, path, 0)


def test_speakers_of_files_come_first() -> None:
    file = SpeakerFile(Path("a b.speaker"), "<speaker/>", "0123456789abcdef", 210.0)
    (alone,) = choose_speakers(None, None, 1, [file])
    assert (alone.name, alone.sex, alone.f0, alone.source) == ("a_b", "female", 210.0, "0123456789abcdef")
    several = choose_speakers(2, None, 1, [file])
    assert several == [alone, *draw_speakers(2, 1)]
    with pytest.raises(ConfigError, match="share the folder 'm01'"):
        choose_speakers(1, None, 1, [SpeakerFile(Path("M01.speaker"), "", "0", None)])
