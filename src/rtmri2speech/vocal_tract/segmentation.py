"""Labels and contours of a recording, and the files that hold them."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rtmri2speech.arrays import Bool, Float32, Int64, UInt8
from rtmri2speech.data.files import hash_files, replacing
from rtmri2speech.data.labels import Label, label_names, values_by_name
from rtmri2speech.data.tables import Row
from rtmri2speech.errors import DatasetError
from rtmri2speech.vocal_tract.contour_table import CONTOURS_SUFFIX, write_contours
from rtmri2speech.vocal_tract.contours import Contours
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

LABELS_SUFFIX = "_regions.npz"
"""What is added to the name of a recording."""

# Arrays of longer recordings lie in a file while they are used, bytes.
_IN_MEMORY = 256 << 20

PixelSource = Literal["given", "regions", "phantom", "estimated", "unknown"]
"""Where the size of a pixel comes from: an option, a file of labels, the description of a phantom, or how long tracts
are."""


def large_array(shape: tuple[int, ...], dtype: type) -> Any:
    """Zeros in memory, or, where they would fill it, in a file that goes with the process."""
    if int(np.prod(shape)) * np.dtype(dtype).itemsize <= _IN_MEMORY:
        return np.zeros(shape, dtype)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype, "w+", shape=shape)


@dataclass(frozen=True, repr=False)
class Segmentation:
    """The articulators of a recording of T frames of H x W pixels.

    Attributes:
        name: of the recording.
        labels: (T, H, W) uint8, values of :class:`~rtmri2speech.data.labels.Label`.
        confidence: (T,) float32, 0 to 1, about the Dice's coefficient to expect; below
            :data:`~rtmri2speech.vocal_tract.refinement.confidence.CONFIDENT` a frame is not to be trusted.
        contours: of every frame.
        pixel_source: where ``contours.pixel_mm`` comes from.
        notes: what was noticed, and what to do about it, a line each.
        video_sha256: hash of the video's content; empty where it is unknown.
        model_sha256: hash of the segmenter's weights; empty where it is unknown.
    """

    name: str
    labels: UInt8
    confidence: Float32
    contours: Contours
    pixel_source: PixelSource = "unknown"
    notes: tuple[str, ...] = ()
    video_sha256: str = ""
    model_sha256: str = ""

    @property
    def frame_rate(self) -> Fraction:
        """Frames per second."""
        return self.contours.frame_rate

    @property
    def pixel_mm(self) -> float | None:
        """Size of a pixel, mm; None where it is unknown."""
        return self.contours.pixel_mm

    @property
    def doubtful(self) -> Bool:
        """Which frames are not to be trusted, (T,)."""
        return np.asarray(self.confidence < CONFIDENT)

    def rows(self) -> list[Row]:
        """A row per frame: its time, confidence, and how many pixels each label has."""
        names = label_names()
        counts = [np.bincount(frame.ravel(), minlength=len(names)) for frame in self.labels]
        return [
            {
                "frame": number,
                "time_s": float((number + Fraction(1, 2)) / self.frame_rate),
                "confidence": float(confidence),
                **dict(zip(names, map(int, count), strict=True)),
            }
            for number, (confidence, count) in enumerate(zip(self.confidence, counts, strict=True))
        ]

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``<name>_regions.npz`` and ``<name>_contours.csv``.

        Raises:
            UserError: when they cannot be written.
        """
        root = Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        labels = root / f"{self.name}{LABELS_SUFFIX}"
        write_labels(labels, self)
        return [labels, write_contours(root / f"{self.name}{CONTOURS_SUFFIX}", self.contours)]

    def show(self, frame: int, gray: UInt8 | None = None) -> Drawing:
        """A frame's labels and contours; over ``gray`` (H, W), the frame itself, where that is given.

        Raises:
            IndexError: when there is no such frame.
        """
        from rtmri2speech.vocal_tract.figures import labels_figure

        return labels_figure(self.labels[frame], self.contours.frame(frame), gray, f"{self.name}, frame {frame}")

    def _repr_html_(self) -> str:
        """The most trusted frame, and what is to be known of all, for a notebook."""
        lines = [repr(self), *self.notes]
        text = "".join(f"<p>{escape(line)}</p>" for line in lines)
        best = int(np.argmax(self.confidence)) if len(self.labels) else None
        return text if best is None else self.show(best).html(f"labels of frame {best}") + text

    def __repr__(self) -> str:
        frames, height, width = self.labels.shape
        doubtful = int(self.doubtful.sum())
        return (
            f"Segmentation of {self.name}: {frames} frames of {width} x {height}, "
            f"confidence {float(np.median(self.confidence)):.2f}, {doubtful} frames below {CONFIDENT:g}"
        )


def write_labels(path: Path, segmentation: Segmentation, automatic: bool = False) -> None:
    """Write ``labels``, ``names``, ``frame_rate`` (numerator, denominator), ``pixel_mm`` (NaN: unknown), confidence.

    Then where the size of a pixel comes from, hashes of video and segmenter, and whether nobody asked for the file by
    name, so that it may be made anew. The labels are compressed as they are read, so that those of a long recording
    need not be in memory.

    Args:
        path: file to write.
        segmentation: what to write.
        automatic: made for ``regions="auto"``.

    Raises:
        UserError: when the file cannot be written.
    """
    rate, pixel = segmentation.frame_rate, segmentation.pixel_mm
    others = {
        "names": np.array(label_names()),
        "frame_rate": np.array([rate.numerator, rate.denominator]),
        "pixel_mm": np.array(np.nan if pixel is None else pixel),
        "pixel_source": np.array(segmentation.pixel_source),
        "confidence": segmentation.confidence.astype(np.float32),
        "video_sha256": np.array(segmentation.video_sha256),
        "model_sha256": np.array(segmentation.model_sha256),
        "automatic": np.array(automatic),
    }
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, values in {**others, "labels": segmentation.labels}.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED  # an entry does not take that of its archive
            with archive.open(entry, "w", force_zip64=True) as member:
                array = np.asanyarray(values)
                np.lib.format.write_array_header_1_0(
                    member, {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
                )
                for block in array if array.ndim == 3 else (array,):
                    member.write(np.ascontiguousarray(block).tobytes())


def confidence_notes(
    confidence: Float32, what: str = "labels", advice: str = "Its labels are not to be used."
) -> tuple[str, ...]:
    """What to say of the confidence (T,) of labels; nothing where it is high.

    Args:
        confidence: of the frames.
        what: what is to be used with care where it is low.
        advice: what to say of a recording in which no vocal tract was recognized.
    """
    doubtful = np.flatnonzero(confidence < CONFIDENT)
    if len(doubtful) == 0:
        return ()
    if len(doubtful) > 0.5 * len(confidence):
        return (
            f"no vocal tract was recognized in {len(doubtful)} of {len(confidence)} frames (median confidence "
            f"{float(np.median(confidence)):.2f}). {advice} The segmenter knows mid-sagittal MRI of the head, "
            "upright, that fills most of the frame.",
        )
    return (doubt_note(confidence, what),)


def doubt_note(confidence: Float32, what: str) -> str:
    """Which frames have a confidence (T,) that is low, so that ``what`` of them is to be used with care."""
    doubtful = np.flatnonzero(confidence < CONFIDENT)
    return (
        f"confidence is low in {len(doubtful)} of {len(confidence)} frames: {frame_list(doubtful)}. "
        f"Look at them before you use their {what}."
    )


def frame_list(numbers: Int64, most: int = 8) -> str:
    """Numbers of frames as ranges: ``3, 7-12, 40``."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1) if len(numbers) else []
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more stretches" if len(texts) > most else "")


@dataclass(frozen=True)
class LabelFile:
    """What :func:`write_labels` wrote.

    Attributes:
        labels: (T, H, W) uint8, values of :class:`~rtmri2speech.data.labels.Label`.
        frame_rate: frames per second.
        pixel_mm: size of a pixel, mm; None where it is unknown.
        confidence: (T,) float32.
        video_sha256: of the video's content; empty in files of early versions and of other programs.
        model_sha256: of the segmenter's weights; empty likewise.
        automatic: whether it was made for ``regions="auto"``.
        pixel_estimated: whether ``pixel_mm`` is known to be estimated.
    """

    labels: UInt8
    frame_rate: Fraction
    pixel_mm: float | None
    confidence: Float32
    video_sha256: str = ""
    model_sha256: str = ""
    automatic: bool = False
    pixel_estimated: bool = False


def is_label_file(path: Path) -> bool:
    """Whether an ``.npz`` file holds labels of ``segment``, rather than a phantom's truth."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "labels.npy" in archive.namelist() and "regions.npy" not in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def labels_fit(path: Path, video: Path) -> bool:
    """Whether a file holds labels of ``segment`` that, as far as it says, were made from a video's present content."""
    if not is_label_file(path):
        return False
    with np.load(path, allow_pickle=False) as arrays:
        content = str(arrays["video_sha256"]) if "video_sha256" in arrays else ""
    return content in ("", hash_files([video]))


def read_labels(path: Path) -> LabelFile:
    """Read labels of ``segment``, or labels made elsewhere in the same form.

    Raises:
        DatasetError: when the file is missing, damaged or of another form.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            labels, names = _frames_in(path, arrays), [str(name) for name in arrays["names"]]
            rate = [int(part) for part in np.atleast_1d(arrays["frame_rate"])]
            pixel = float(arrays["pixel_mm"])
            confidence = arrays["confidence"].astype(np.float32)
            video, model = (str(arrays[name]) if name in arrays else "" for name in ("video_sha256", "model_sha256"))
            automatic = "automatic" in arrays and bool(arrays["automatic"])
            estimated = "pixel_source" in arrays and str(arrays["pixel_source"]) == "estimated"
        if labels.ndim != 3 or labels.dtype != np.uint8 or confidence.shape != (len(labels),):
            raise ValueError(f"labels of shape {labels.shape} and type {labels.dtype}")
        table = _by_name(names)
        if len(labels) and int(labels.max()) >= len(names):
            raise ValueError(f"label {int(labels.max())} has no name")
        frame_rate = Fraction(rate[0], rate[1] if len(rate) > 1 else 1)
        if frame_rate <= 0:
            raise ValueError("a frame rate of 0")
        size = pixel if np.isfinite(pixel) and pixel > 0 else None
        if not np.array_equal(table, np.arange(len(table))):
            labels = table[labels]
        return LabelFile(labels, frame_rate, size, confidence, video, model, automatic, estimated)
    except (OSError, ValueError, KeyError, IndexError, ZeroDivisionError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: no labels of segment ({error}).", "Run segment on the video again.") from None


def _frames_in(path: Path, arrays: Any) -> UInt8:
    """The labels of a file; those of a long recording frame by frame, so that they need not be in memory."""
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo("labels.npy").file_size <= _IN_MEMORY:
            return np.asarray(arrays["labels"])
        with archive.open("labels.npy") as member:
            if np.lib.format.read_magic(member) != (1, 0):
                return np.asarray(arrays["labels"])
            shape, columns_first, dtype = np.lib.format.read_array_header_1_0(member)
            if columns_first or dtype != np.uint8 or len(shape) != 3:
                return np.asarray(arrays["labels"])
            labels: UInt8 = large_array(shape, np.uint8)
            for frame in labels:
                frame[:] = np.frombuffer(member.read(frame.size), np.uint8).reshape(frame.shape)
            return labels


def _by_name(names: list[str]) -> UInt8:
    """Labels of this version by a file's numbers; names that are not known are background."""
    known = values_by_name()
    return np.array([known.get(name, Label.BACKGROUND) for name in names], np.uint8)
