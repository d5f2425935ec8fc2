"""Figures of papers next to measured ones."""

from __future__ import annotations

import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.evaluation.intelligibility.rates import DEFINITIONS as OF_RATES
from rtmri2speech.evaluation.output.metrics_file import DEFINITIONS
from rtmri2speech.evaluation.published import PAPERS, Comparison, paper_of

# What MRI2Speech and Otani 2023 print, as in their abstracts.
WER, PESQ, F0_RMSE = 0.1518, 1.64, 26.7


def test_figures_are_those_of_the_abstracts() -> None:
    (wer,) = paper_of("mri2speech2025").figures
    wide, narrow, f0 = paper_of("otani2023").figures
    assert (wer.low, wide.low, narrow.high, f0.low) == (WER, PESQ, PESQ, F0_RMSE)
    (mcd,) = paper_of("csapo2020").figures
    assert (mcd.measure, mcd.low, mcd.high) == ("mcd_db", 2.8, 4.5)


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_every_figure_is_of_a_measure_that_is_defined(paper) -> None:  # type: ignore[no-untyped-def]
    for one in paper.figures:
        assert one.measure in DEFINITIONS or one.measure.removeprefix("d") in OF_RATES
        assert one.low <= one.high
    assert paper.source and paper.differs and paper.citation


def test_what_is_missing_is_said() -> None:
    found = Comparison(paper_of("otani2026"), {"dwer": 0.2, "f0_correlation": 0.5}, {"wer": 0.12}, "vosk:m", "3 files")
    what, here, paper = found.cells()[0]
    assert "dWER" in what and (here, paper) == ("20.0 %", "4.5-11.1 %")
    assert found.cells()[-1][1:] == ("12.0 %", "10.9-12.5 %"), "of the recorded sound"
    assert "not measured here: dcer, speaker_similarity" in found.differs
    assert "recognizer: vosk:m" in found.differs
    assert any("not checked" in line for line in found.differs)
    assert found.about()["name"] == "otani2026"


def test_without_a_recognizer_that_is_said() -> None:
    lines = Comparison(paper_of("mri2speech2025"), {}, {}, None, "x").differs
    assert "recognizer: none was given, so that error rates are missing" in lines


def test_an_unknown_paper() -> None:
    with pytest.raises(ConfigError, match="Choose from csapo2020, otani2023"):
        try:
            paper_of("x")
        except ConfigError as error:
            raise ConfigError(error.remedy, "") from None
