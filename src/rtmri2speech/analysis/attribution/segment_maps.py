"""Maps of segments, cut from the sequences: all frames, mean and spread over tokens, differences between names."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.attribution.compute import MapFile
from rtmri2speech.analysis.older_maps import SEGMENTS
from rtmri2speech.data.files import replacing, write_text
from rtmri2speech.phonetics.labelled_segments import Segment

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SegmentMap:
    """A picture's worth of a segment.

    Attributes:
        stem: of the file's name.
        title: for people.
        values: (S, S), signed.
    """

    stem: str
    title: str
    values: Floats


@dataclass(frozen=True)
class SegmentMaps:
    """What was made of the segments of one method and band.

    Attributes:
        means: mean maps, one a name, and the differences of every two of them.
        files: what was written.
    """

    means: list[SegmentMap]
    files: list[Path]


def write_segments(maps: MapFile, segments: Sequence[Segment], out: Path) -> SegmentMaps:
    """Cut segments out of a sequence of maps.

    Writes, for each name, ``<stem>_<name>Segment_sequence.npy`` (the frames of all tokens one after the other),
    ``_mean.npy`` (mean over the tokens' means, so that long tokens count no more than short ones) and, with two
    tokens or more, ``_spread.npy`` (standard deviation of the tokens' means); and for every two names
    ``<stem>_<a>-minus-<b>_difference.npy``.

    Args:
        maps: of the whole clip.
        segments: what to cut.
        out: folder to write to.

    Raises:
        UserError: when a file cannot be written.
    """
    means: list[SegmentMap] = []
    files: list[Path] = []
    whole = np.load(maps.path, mmap_mode="r")
    size = whole.shape[1:]
    for segment in segments:
        stem = f"{maps.stem}_{segment.file_name}Segment"
        count = sum(len(token) for token in segment.tokens)
        files.append(out / f"{stem}_sequence.npy")
        with replacing(files[-1]) as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": (count, *size)}
            np.lib.format.write_array_header_1_0(file, header)
            for token in segment.tokens:
                for frame in range(token.first, token.stop):
                    file.write(np.ascontiguousarray(whole[frame], "<f4").data)
        mean, spread = token_statistics(whole, segment)
        means.append(SegmentMap(f"{stem}_mean", _title(segment), mean))
        files.append(_save(out / f"{stem}_mean.npy", mean))
        if spread is not None:
            files.append(_save(out / f"{stem}_spread.npy", spread))
    for (one, first), (other, second) in combinations(zip(segments, list(means), strict=True), 2):
        stem = f"{maps.stem}_{one.file_name}-minus-{other.file_name}_difference"
        difference = first.values - second.values
        means.append(SegmentMap(stem, f"{one.name} minus {other.name}", difference))
        files.append(_save(out / f"{stem}.npy", difference))
    return SegmentMaps(means, files)


def token_statistics(whole: Floats, segment: Segment) -> tuple[Floats, Floats | None]:
    """Mean of the tokens' mean maps and their standard deviation, (S, S) each; none of the latter for one token."""
    # Welford's running mean and sum of squares: one token in memory at a time.
    mean = np.zeros(whole.shape[1:])
    squares = np.zeros(whole.shape[1:])
    for number, token in enumerate(segment.tokens, start=1):
        value = whole[token.first : token.stop].mean(axis=0, dtype=np.float64)
        change = value - mean
        mean += change / number
        squares += change * (value - mean)
    if len(segment.tokens) == 1:
        return mean.astype(np.float32), None
    spread = np.sqrt(squares / (len(segment.tokens) - 1))
    return mean.astype(np.float32), spread.astype(np.float32)


def write_token_table(segments: Sequence[Segment], out: Path) -> Path:
    """Write ``segments.csv``: which rows of a segment's sequence are which frames of the clip."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["segment", "file_name", "token", "start_s", "end_s", "first_frame", "last_frame", "first_row"])
    for segment in segments:
        row = 0
        for number, token in enumerate(segment.tokens):
            times = (f"{token.start:.4f}", f"{token.end:.4f}")
            writer.writerow([segment.name, segment.file_name, number, *times, token.first, token.stop - 1, row])
            row += len(token)
    path = out / SEGMENTS
    write_text(path, text.getvalue())
    return path


def _title(segment: Segment) -> str:
    tokens = len(segment.tokens)
    return segment.name if tokens == 1 else f"{segment.name}, mean of {tokens} tokens"


def _save(path: Path, values: Floats) -> Path:
    with replacing(path) as file:
        np.save(file, values)
    return path
