"""Maps of a video as files: sequences, means, values of the targets, and what they were made with."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.attribution.explainer import BlockOfMaps, Explainer, OnFrames, require_frames, to_pixels
from rtmri2speech.analysis.attribution.layer_maps import last_stride, require_strides
from rtmri2speech.analysis.attribution.targets import ADAPTIVE_HZ, UNITS, Band, Target, TargetKind, targets_for
from rtmri2speech.analysis.older_maps import METADATA, remove_older
from rtmri2speech.analysis.regions.masks import source_of
from rtmri2speech.data.files import replacing, write_text
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.provenance import write_about

Method = Literal["gradcam", "hirescam"]
"""The last feature map (memo section 4), or a finer layer with the gradient kept in place."""
Floats = NDArray[np.float32]

DEFAULT_TARGETS: dict[Method, TargetKind] = {"gradcam": "energy", "hirescam": "centroid"}
"""What each method explains by default: the memo's target, and the one whose maps physics and model speak for most."""

DETAIL_STRIDE = 16
"""Pixels a cell of the layer that ``hirescam`` explains by default."""

SCHEMA = 1
"""Of the metadata file."""


@dataclass(frozen=True)
class MapOptions:
    """What to explain, and how.

    Attributes:
        bands: frequency bands.
        target: the number a frame that is explained; None for each method's own, :data:`DEFAULT_TARGETS`.
        methods: kinds of maps.
        stride: pixels a cell of the layer that ``hirescam`` explains.
    """

    bands: tuple[Band, ...]
    target: TargetKind | None = None
    methods: tuple[Method, ...] = ("gradcam",)
    stride: int = DETAIL_STRIDE

    def target_of(self, method: Method) -> TargetKind:
        """What a method explains."""
        return self.target or DEFAULT_TARGETS[method]


@dataclass
class MapFile:
    """The maps of one method and band.

    Attributes:
        method, band: which.
        target: what is explained.
        row: its place among the targets of the clip.
        stride: pixels a cell of the explained layer.
        path: the sequence, (T, S, S), float32, signed.
        scale: largest absolute value in the clip: one for all frames, so that frames can be compared.
        mean: mean over the frames, (S, S).
    """

    method: Method
    band: Band
    target: TargetKind
    row: int
    stride: int
    path: Path
    scale: float = 0.0
    mean: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @property
    def unit(self) -> str:
        """Unit of the maps' sum over the picture."""
        return UNITS[self.target]

    @property
    def stem(self) -> str:
        """Begin of the names of all files of these maps."""
        return f"{self.method}_{self.band.name}"


@dataclass(frozen=True)
class Explained:
    """What was made of one video.

    Attributes:
        maps: by method and band.
        n_frames: frames T.
        rate: frames a second.
        mean_picture: (S, S), grey values from 0 to 255.
        pictures: the frames that were asked for, (S, S), uint8, by number.
        mel_db: the predicted mel, (T, M), dB.
        values: the targets, (K, T): the bands, for each kind of target.
        files: what was written.
        notes: remarks for the user.
    """

    maps: list[MapFile]
    n_frames: int
    rate: Fraction
    mean_picture: Floats
    pictures: dict[int, NDArray[np.uint8]]
    mel_db: Floats
    values: Floats
    files: list[Path]
    notes: list[str]


def explain_clip(
    clip: Clip,
    explainer: Explainer,
    out: Path,
    options: MapOptions,
    target_frames: Sequence[int] = (),
    about: dict[str, Any] | None = None,
    on_frames: OnFrames = lambda count: None,
) -> Explained:
    """Write the maps of a clip: ``<method>_<band>_sequence.npy``, ``_average.npy``, mean picture, targets, metadata.

    Arrays are raw: signed and in the target's unit, so that sums over parts of the picture mean something. The
    classical map is the positive part. What an earlier run of the same methods has left in the folder, and what was
    made of it, goes before the first new file is written.

    Args:
        clip: from :func:`rtmri2speech.analysis.attribution.explainer.open_video`.
        explainer: the model.
        out: folder to write to.
        options: what to explain.
        target_frames: frames whose pictures are handed back.
        about: more for the metadata: where the model came from.
        on_frames: called with the number of frames done; each frame is passed twice.

    Raises:
        ConfigError: when a frame or layer does not exist.
        UserError: when ``out`` cannot be written.
    """
    require_frames(target_frames, clip)
    last = last_stride(explainer.model)
    strides = {method: last if method == "gradcam" else options.stride for method in options.methods}
    require_strides(explainer.model, strides.values())
    encoded = explainer.encode(clip, list(strides.values()), on_frames)
    notes: list[str] = []

    kinds = list(dict.fromkeys(map(options.target_of, options.methods)))

    def make_targets(mel: Floats) -> list[Target]:
        return [one for kind in kinds for one in targets_for(mel, options.bands, kind, explainer.features, notes)]

    found = explainer.explain(encoded.features, make_targets)
    maps = []
    for method, stride in strides.items():
        kind = options.target_of(method)
        for row, band in enumerate(options.bands, kinds.index(kind) * len(options.bands)):
            path = out / f"{method}_{band.name}_sequence.npy"
            maps.append(MapFile(method, band, kind, row, stride, path))
    remove_older(out, options.methods, _clip_of(clip, explainer))
    blocks = explainer.maps(clip, found.gradients, list(strides.values()), encoded.kept, on_frames)
    mean_picture, pictures = _write_sequences(maps, blocks, clip.n_frames, explainer.frames.size, target_frames)
    values = found.values.cpu().numpy().astype(np.float32)
    files = [one.path for one in maps]
    files += [_save(out / f"{one.stem}_average.npy", one.mean) for one in maps]
    files.append(_save(out / "mean_picture.npy", mean_picture))
    files.append(out / "targets.csv")
    heads = [f"{band.name} ({UNITS[kind]})" for kind in kinds for band in options.bands]
    write_text(files[-1], _table(values, heads, explainer.features.frame_rate))
    for method in strides:
        files.append(out / f"{method}{METADATA}")
        ours = [one for one in maps if one.method == method]
        description = _metadata(clip, explainer, ours, values, about or {})
        write_about(files[-1], "maps", SCHEMA, description)
    if clip.scan.over_bright:
        notes.append(f"the first {clip.scan.over_bright} source frame(s) are over-bright: mistrust their maps")
    return Explained(
        maps=maps,
        n_frames=clip.n_frames,
        rate=explainer.features.frame_rate,
        mean_picture=mean_picture,
        pictures=pictures,
        mel_db=found.mel_db.float().cpu().numpy(),
        values=values,
        files=files,
        notes=notes,
    )


def _write_sequences(
    maps: list[MapFile], blocks: Any, n_frames: int, size: int, target_frames: Sequence[int]
) -> tuple[Floats, dict[int, NDArray[np.uint8]]]:
    sums = [np.zeros((size, size)) for _ in maps]
    picture_sum = np.zeros((size, size))
    pictures: dict[int, NDArray[np.uint8]] = {}
    header = {"descr": "<f4", "fortran_order": False, "shape": (n_frames, size, size)}
    with ExitStack() as stack:
        files = [stack.enter_context(replacing(one.path)) for one in maps]
        for file in files:
            np.lib.format.write_array_header_1_0(file, header)
        block: BlockOfMaps
        for block in blocks:
            for index, (one, file) in enumerate(zip(maps, files, strict=True)):
                pixels = to_pixels(block.maps[one.stride][one.row], size)
                one.scale = max(one.scale, float(np.abs(pixels).max()))
                sums[index] += pixels.sum(axis=0, dtype=np.float64)
                file.write(np.ascontiguousarray(pixels, "<f4").data)
            picture_sum += block.frames.sum(axis=0, dtype=np.float64)
            numbers = range(block.first, block.first + len(block.frames))
            pictures |= {frame: block.frames[frame - block.first] for frame in target_frames if frame in numbers}
    for one, total in zip(maps, sums, strict=True):
        one.mean = (total / n_frames).astype(np.float32)
    return (picture_sum / n_frames).astype(np.float32), pictures


def _save(path: Path, values: Floats) -> Path:
    with replacing(path) as file:
        np.save(file, values)
    return path


def _table(values: Floats, heads: Sequence[str], rate: Fraction) -> str:
    """The targets frame by frame as CSV; times are those of the frames' centres."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["frame", "time_s", *heads])
    for frame, row in enumerate(values.T):
        writer.writerow([frame, f"{(frame + 0.5) / float(rate):.4f}", *(f"{value:.6g}" for value in row)])
    return text.getvalue()


def _metadata(
    clip: Clip, explainer: Explainer, maps: list[MapFile], values: Floats, about: dict[str, Any]
) -> dict[str, Any]:
    features = explainer.features
    centres = features.mel_centers()
    source = source_of(clip)
    bands = [
        {
            "name": one.band.name,
            "low_hz": one.band.low,
            "high_hz": one.band.high,
            "mel_bins": list(one.band.bins),
            "mel_centers_hz": [round(float(centres[bin]), 1) for bin in one.band.bins],
            "sequence": one.path.name,
            "average": f"{one.stem}_average.npy",
            "scale": one.scale,
            "target_mean": float(values[one.row].mean()),
        }
        for one in maps
    ]
    return {
        **about,
        **_clip_of(clip, explainer),
        "pixels": source.size,
        "source": {"width": source.width, "height": source.height, "frames": source.frames},
        "method": maps[0].method,
        "stride_pixels": maps[0].stride,
        "target": maps[0].target,
        "target_unit": maps[0].unit,
        "adaptive_half_width_hz": ADAPTIVE_HZ if maps[0].target == "adaptive" else None,
        "inference": explainer.model.config.inference,
        "map": "signed gradient x activation of the frame's own picture, not rescaled; scale: largest in the clip.",
        "bands": bands,
    }


def _clip_of(clip: Clip, explainer: Explainer) -> dict[str, Any]:
    """What tells clips apart."""
    rate = str(explainer.features.frame_rate)
    return {"video": str(clip.scan.path), "n_frames": clip.n_frames, "frame_rate": rate}
