"""What a page is given: the JSON that templates and scripts read; ``tests/javascript/page.d.ts`` declares it for them.

Binary parts (images, sound, maps) stand apart from the description: a ``Chunk`` is the number of one.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

Chunk: TypeAlias = int
"""Number of a binary part of the page."""

SoundKind: TypeAlias = Literal["original", "generated", "masked"]


class PageData(TypedDict):
    """The whole page: ``colors`` are the tables of map colors, ``highest`` the top of the spectrograms in Hz."""

    title: str
    program: str
    colors: Chunk
    highest: float
    clips: list[ClipData]
    measures: list[MeasureTable]
    origins: list[Origin]


class ClipData(TypedDict):
    """A clip of ``frames`` frames at ``rate`` per second, ``size`` x ``size`` pixels each.

    ``sheets`` are WebP images of ``columns`` x ``columns`` frames, in reading order.
    """

    name: str
    video: str
    frames: int
    rate: float
    seconds: float
    size: int
    columns: int
    sheets: list[Chunk]
    maps: list[MapsData]
    outlines: OutlinesData | None
    tract: TractData | None
    widening: WideningData | None
    tiers: list[TierData]
    sounds: list[SoundData]


class MapsData(TypedDict):
    """The maps of one method: ``method`` is its name on the page, ``kind`` the method itself."""

    method: str
    kind: str
    target: str
    bands: list[BandData]


class BandData(TypedDict):
    """The maps of one band, ``low`` to ``high`` Hz.

    ``data`` is (T, cells, cells) little-endian int16, deflated, in levels of ``step``; ``scale`` is the value of full
    color, in ``unit``.
    """

    name: str
    low: float
    high: float
    scale: float
    unit: str
    cells: int
    step: float
    data: Chunk
    course: CourseData | None


class CourseData(TypedDict):
    """Regions over time: ``share`` of the map and ``signed`` sum, a list per region with one value per frame."""

    regions: list[str]
    share: list[list[float]]
    signed: list[list[float]]


class OutlinesData(TypedDict):
    """Outlines of regions, as :func:`rtmri2speech.reporting.page.images.outlines_of` packs them.

    ``doubtful`` are the frames in which they are not to be trusted.
    """

    names: list[str]
    moving: bool
    data: Chunk
    doubtful: list[int]


class TractData(TypedDict):
    """The measured tract: axes' limits in cm, cm2 and Hz, and ``data``, of every frame of the clip.

    These are little-endian uint16, deflated, ``unknown`` where nothing was measured: the tract's length; of each of
    ``sections`` its area and the bounds of its 90 % interval, the area 0 where closed; the same of four formants, Hz; x
    and y of the midline's ``sections`` + 1 points, then of each contour's ``points``. Lengths and areas are in levels
    of 1 / ``per_cm``, places in 1 / ``per_pixel`` of the clip's pixels. ``doubtful`` frames are not to be trusted.
    """

    sections: int
    contours: list[str]
    colors: list[str]
    points: int
    unknown: int
    per_cm: float
    per_pixel: float
    length: float
    area: float
    f1: tuple[float, float]
    f2: tuple[float, float]
    doubtful: list[int]
    data: Chunk


class WideningData(TypedDict):
    """What moving a wall away from the airway does to each formant, in ``unit``.

    ``places`` are x and y of each of ``points`` points of each contour, of every frame, in 1 / ``per_pixel`` of the
    clip's pixels; ``owners`` the number of the articulator that each point belongs to, int8. Numbers are little-endian
    int16, deflated, ``unknown`` where there is none.
    """

    contours: list[str]
    articulators: list[str]
    points: int
    unknown: int
    per_pixel: float
    unit: str
    places: Chunk
    owners: Chunk
    formants: list[MovedFormantData]


class MovedFormantData(TypedDict):
    """A formant, where it lies in each frame, and what each answer says of it."""

    name: str
    hz: list[float | None]
    answers: list[AnswerData]


class AnswerData(TypedDict):
    """The answer of the ``model``, or of the speaker's ``tube``.

    ``data`` is of every frame, contour and point, in ``step`` per cm of wall, ``scale`` the value of full color.
    ``walls`` is of every frame and articulator, moved as a whole: value, and bounds of its 90 % interval, in
    ``wall_step``; ``wall_scale`` is what 98 % of the values do not reach.
    """

    kind: str
    scale: float
    wall_scale: float
    step: float
    wall_step: float
    data: Chunk
    walls: Chunk


class TierData(TypedDict):
    """A tier of labels: start and end in seconds (equal for points), and the label."""

    name: str
    entries: list[tuple[float, float, str]]


class SoundData(TypedDict):
    """A sound, FLAC, that starts with the first frame; ``label`` tells those of one kind apart."""

    kind: SoundKind
    label: str
    rate: int
    seconds: float
    data: Chunk
    spectrogram: SpectrogramData
    tracks: TracksData | None
    vowels: list[VowelData]


class SpectrogramData(TypedDict):
    """A WebP image and the times of its left and its right edge, seconds."""

    data: Chunk
    start: float
    end: float


class TracksData(TypedDict):
    """F0 and formants in Hz: value i is at ``start + i * step`` seconds; null where there is none."""

    start: float
    step: float
    ceiling: float
    f0: list[float | None]
    formants: list[list[float | None]]


class VowelData(TypedDict):
    """A vowel: its span in seconds, its formants in Hz."""

    label: str
    start: float
    end: float
    f1: float
    f2: float


class MeasureTable(TypedDict):
    """The measures of one evaluation for a group of speakers."""

    group: str
    n: int | None
    speakers: list[str]
    rows: list[MeasureRow]
    of: EvaluationSource


class MeasureRow(TypedDict):
    """A measure of the model with its 95 % interval, between floor and ceiling; null where there is none."""

    name: str
    better: Literal["high", "low", "1", "0"]
    model: float
    low: float | None
    high: float | None
    ceiling: float | None
    floor: float | None
    meaning: str


class EvaluationSource(TypedDict):
    """Which model was evaluated, and the folder of the evaluation."""

    file: str
    sha256: str
    place: str


class Origin(TypedDict):
    """Where something came from: rows of name and text."""

    title: str
    of: str
    rows: list[tuple[str, str]]
