"""The figure sheet: drawn of much, of one utterance, and of nothing measured."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rtmri2speech.evaluation.scores import ScoredVowel, UtteranceScores
from rtmri2speech.evaluation.summary import Group, pool
from rtmri2speech.evaluation.vowel_identification import identify_vowels
from rtmri2speech.metrics.bootstrap import Bootstrap
from rtmri2speech.reporting.figures.evaluation import draw_sheet
from rtmri2speech.signal.features import FeatureConfig

CENTRES = {"a": (750, 1385), "i": (315, 2172), "u": (367, 1332), "e": (500, 1947), "o": (520, 997)}
LEVELS = {"model": 5.0, "ceiling": 1.5, "floor": 9.0}


def made_up(count: int, vowels: int = 12, speakers: tuple[str, ...] = ("m01", "f02")) -> Group:
    """Results as a middling model has them."""
    rng = np.random.default_rng(0)
    n_mels = FeatureConfig().n_mels
    scored = []
    for number in range(count):
        speaker = speakers[number % len(speakers)]
        scale = 1.15 if speaker.startswith("f") else 1.0
        spoken = []
        for _ in range(vowels):
            label = str(rng.choice(list(CENTRES)))
            recorded = np.array(CENTRES[label]) * scale * np.exp(rng.normal(0, 0.06, 2))
            errors = {"model": 0.1, "ceiling": 0.02}
            formants = {"recorded": recorded, "floor": np.array([np.nan, np.nan])}
            formants |= {name: recorded * np.exp(rng.normal(0, error, 2)) for name, error in errors.items()}
            pairs = {name: (float(pair[0]), float(pair[1])) for name, pair in formants.items()}
            spoken.append(ScoredVowel(label, 0.0, 0.1, pairs))
        measures = {
            name: {
                "mel_mae_db": 0.0 if name == "ceiling" else level + rng.normal(0, 0.5),
                "mcd_db": level + rng.normal(0, 0.4),
                "stoi": 1 - level / 15 + rng.normal(0, 0.02),
                "f0_rmse_cents": math.nan if name == "floor" else 60 * level + rng.normal(0, 20),
            }
            for name, level in LEVELS.items()
        }
        by_bin = {name: (level + rng.normal(0, 0.4, n_mels)).tolist() for name, level in LEVELS.items()}
        scored.append(UtteranceScores(f"u{number}", speaker, 150, measures, by_bin, spoken))
    return pool("seen", scored, identify_vowels(scored, []), n_mels, Bootstrap(50))


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return draw_sheet(tmp_path_factory.mktemp("sheet"), made_up(20), FeatureConfig())


def test_a_sheet_fits_a_page_and_is_no_empty_paper(sheet: list[Path]) -> None:
    assert [path.name for path in sheet] == ["figure_seen.pdf", "figure_seen.png"]
    assert sheet[0].read_bytes().startswith(b"%PDF")
    with Image.open(sheet[1]) as image:
        assert image.width == round(174 / 25.4 * 300) and np.asarray(image.convert("L")).std() > 20


def test_equal_results_give_equal_files(sheet: list[Path], tmp_path: Path) -> None:
    other = draw_sheet(tmp_path, made_up(20), FeatureConfig())
    assert [path.read_bytes() for path in sheet] == [path.read_bytes() for path in other]


def test_one_utterance_and_no_vowel(tmp_path: Path) -> None:
    for vowels in (0, 1):
        assert all(path.is_file() for path in draw_sheet(tmp_path, made_up(1, vowels), FeatureConfig()))
