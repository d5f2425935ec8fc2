"""Figures of published papers, to set measured ones next to them, with what differs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rtmri2speech.data.tables import Row, Value, finite_or_none
from rtmri2speech.errors import ConfigError

_RATES = ("wer", "cer")
_ABSTRACT, _DIGEST = "abstract of the paper", "digest of the paper, not checked against it"


@dataclass(frozen=True)
class Figure:
    """A figure that a paper prints.

    Attributes:
        measure: ours that corresponds to it.
        what: in the paper's words, with the condition.
        low, high: range, or one number twice; in the unit of our measure (rates as fractions).
        sound: whose rate it is, of error rates: the made sound's, or ``recorded``.
    """

    measure: str
    what: str
    low: float
    high: float
    sound: str = ""


@dataclass(frozen=True)
class Paper:
    """A paper with its figures.

    Attributes:
        name: as in ``protocol``.
        citation: authors, title, where and when.
        data: what was evaluated.
        source: where its figures here are from.
        figures: what it prints.
        differs: what is measured otherwise there.
        recognizer: whether error rates are among its figures.
    """

    name: str
    citation: str
    data: str
    source: str
    figures: tuple[Figure, ...]
    differs: tuple[str, ...]

    @property
    def recognizer(self) -> bool:
        """Whether error rates of a recognizer are among its figures."""
        return any(one.measure.endswith(_RATES) for one in self.figures)


_BAND = "sounds are compared below half of the lower sampling rate, which is seldom the paper's"

PAPERS = {
    paper.name: paper
    for paper in (
        Paper(
            "csapo2020",
            "Csapó, Speaker dependent articulatory-to-acoustic mapping using real-time MRI of the vocal tract, "
            "Interspeech 2020",
            "USC-TIMIT, two women and two men, each with a model of its own, 460 sentences",
            _ABSTRACT,
            (Figure("mcd_db", "MCD, CNN-LSTM, range over the speakers", 2.8, 4.5),),
            (
                "published MCDs differ in cepstra, order, silence and alignment; ours is defined under mcd_db",
                "models of that time predicted the spectrum and were given the pitch (abstract of otani2023)",
            ),
        ),
        Paper(
            "otani2023",
            "Otani, Sawada, Ohmura, Katsurada, Speech synthesis from articulatory movements recorded by real-time MRI, "
            "Interspeech 2023",
            "ATR 503 sentences rtMRI database",
            _ABSTRACT,
            (
                Figure("pesq_wb", "PESQ (which band is not said)", 1.64, 1.64),
                Figure("pesq_nb", "PESQ (which band is not said)", 1.64, 1.64),
                Figure("f0_rmse_hz", "RMSE of F0, Hz", 26.7, 26.7),
            ),
            ("its method of measuring F0 is not in the abstract; ours is Praat's autocorrelation", _BAND),
        ),
        Paper(
            "mri2speech2025",
            "Shah, Kashyap, Karande, Gandhi, MRI2Speech: speech synthesis from articulatory movements recorded by "
            "real-time MRI, ICASSP 2025",
            "USC-TIMIT",
            _ABSTRACT,
            (Figure("wer", "word error rate", 0.1518, 0.1518),),
            ("it predicts text first and speaks that: its speech has nothing of the recording's sound",),
        ),
        Paper(
            "otani2026",
            "Otani et al., speaker-independent real-time MRI to speech, Interspeech 2026",
            "USC-75, 43 / 4 / 4 speakers of training, validation and test, at 83.28 frames per second",
            _DIGEST,
            (
                Figure("dwer", "dWER, read speech of unseen speakers", 0.045, 0.111),
                Figure("dcer", "dCER, read speech of unseen speakers", 0.018, 0.056),
                Figure("dwer", "dWER, spontaneous speech of unseen speakers", 0.079, 0.302),
                Figure("f0_correlation", "F0 correlation", 0.38, 0.57),
                Figure("speaker_similarity", "speaker similarity", 0.95, 0.96),
                Figure("wer", "WER of the recorded sound (Qwen3-ASR, Whisper-L-v3)", 0.1087, 0.1247, "recorded"),
            ),
            (
                "dWER is taken to be the error rate against the recognized recorded sound",
                "F0 correlation is taken to be over frames that are voiced in both sounds",
                "speaker similarity depends on the embedding network, which is not known here",
            ),
        ),
    )
}
"""All papers, by name."""


def paper_of(name: str) -> Paper:
    """The paper of a name.

    Raises:
        ConfigError: when there is none.
    """
    if name not in PAPERS:
        raise ConfigError(f"`protocol={name}`: no such paper.", f"Choose from {', '.join(PAPERS)}.")
    return PAPERS[name]


@dataclass(frozen=True)
class Comparison:
    """Measured figures next to a paper's.

    Attributes:
        paper: which.
        found: what was measured of the made sound, by measure.
        recorded: error rates of the recorded sound, by measure.
        recognizer: with which; None without one.
        data: what was evaluated, in words.
    """

    paper: Paper
    found: Mapping[str, float]
    recorded: Mapping[str, float]
    recognizer: str | None
    data: str

    def rows(self) -> list[Row]:
        """A row per figure of the paper: ``measure``, ``what``, ``found``, and the paper's ``low`` and ``high``."""
        return [
            {
                "measure": one.measure,
                "what": one.what,
                "found": finite_or_none((self.recorded if one.sound else self.found).get(one.measure, math.nan)),
                "paper_low": one.low,
                "paper_high": one.high,
            }
            for one in self.paper.figures
        ]

    def cells(self) -> list[tuple[str, str, str]]:
        """Each figure as text: what it is, ours, and the paper's; error rates in percent."""
        return [
            (
                f"{one.what} ({one.measure})",
                _shown(one.measure, [row["found"]]),
                _shown(one.measure, [one.low, one.high]),
            )
            for one, row in zip(self.paper.figures, self.rows(), strict=True)
        ]

    @property
    def differs(self) -> list[str]:
        """What keeps the two from being the same measurement, the data first."""
        lines = [f"data: the paper's are {self.paper.data}; these are {self.data}"]
        if self.paper.recognizer:
            lines.append(f"recognizer: {self.recognizer or 'none was given, so that error rates are missing'}")
        missing = [str(row["measure"]) for row in self.rows() if row["found"] is None]
        if missing:
            lines.append(f"not measured here: {', '.join(dict.fromkeys(missing))}")
        lines.append(f"the paper's figures are from: {self.paper.source}")
        return [*lines, *self.paper.differs]

    def about(self) -> dict[str, object]:
        """As ``metrics.json`` has it."""
        paper = {"name": self.paper.name, "citation": self.paper.citation, "source": self.paper.source}
        return {**paper, "figures": [dict(row) for row in self.rows()], "differs": self.differs}


def _shown(measure: str, values: Sequence[Value]) -> str:
    known = [float(value) for value in values if value is not None]
    rate = measure.endswith(_RATES)
    words = [f"{100 * value:.1f}" if rate else f"{value:.3g}" for value in known]
    return "-".join(dict.fromkeys(words)) + (" %" if rate and words else "")
