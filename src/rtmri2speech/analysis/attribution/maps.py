"""The maps of a clip in memory: to look at, to sum over regions, to save."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.arrays import Float32
from rtmri2speech.data.tables import Value
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from rtmri2speech.analysis.attribution.figures import ColorScale
    from rtmri2speech.analysis.regions.masks import Regions, Source
    from rtmri2speech.data.media.clips import Clip
    from rtmri2speech.drawing.overlay import Display
    from rtmri2speech.drawing.style import Drawing
    from rtmri2speech.phonetics.labeled_segments import Segment


@dataclass(frozen=True, eq=False, repr=False)
class Maps:
    """Which place of the frame made which band, for every frame of a clip.

    ``maps["hirescam", "F1"]`` are the maps of one method and band; iteration goes through all of them.

    Attributes:
        video: the video's path, as text.
        frame_rate: frames per second.
        size: S, frames are S x S pixels.
        entries: by method and band.
        mean_frame: (S, S), gray values from 0 to 255.
        source: size of the video, and which of its frames is nearest to each of these.
        about: the model and its training.
        notes: remarks for the user.
        mel_db: the predicted mel spectrogram, (T, M), dB; None for maps that were read from a folder.
        clip: the video; None for maps that were read from a folder.
        segments: stretches of the clip to average over.
    """

    video: str
    frame_rate: Fraction
    size: int
    entries: tuple[BandMaps, ...]
    mean_frame: Float32
    source: Source
    about: dict[str, Any]
    notes: tuple[str, ...] = ()
    mel_db: Float32 | None = None
    clip: Clip | None = None
    segments: tuple[Segment, ...] = ()

    @property
    def name(self) -> str:
        """Of the video, for titles."""
        return Path(self.video).name

    @property
    def n_frames(self) -> int:
        """T."""
        return len(self.entries[0])

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods."""
        return tuple(dict.fromkeys(one.method for one in self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[BandMaps]:
        return iter(self.entries)

    def __getitem__(self, key: tuple[str, str]) -> BandMaps:
        for one in self.entries:
            if (one.method, one.band.name) == key:
                return one
        raise KeyError(f"{key}; there are {', '.join(str((one.method, one.band.name)) for one in self.entries)}")

    def of_method(self, method: str) -> Maps:
        """The maps of one method alone."""
        return replace(self, entries=tuple(one for one in self.entries if one.method == method))

    def with_segments(self, segments: Sequence[Segment]) -> Maps:
        """The same maps, to be averaged over these stretches as well."""
        return replace(self, segments=tuple(segments))

    def time(self, frame: int) -> float:
        """Center of a frame, seconds from the beginning of the first one."""
        return (frame + 0.5) / float(self.frame_rate)

    def rows(self) -> list[dict[str, Value]]:
        """What is explained, frame by frame: ``pandas.DataFrame(maps.rows())``."""
        return [
            {
                "frame": frame,
                "time_s": round(self.time(frame), 4),
                "method": one.method,
                "band": one.band.name,
                "target": one.target,
                "value": float(value),
                "unit": one.unit,
            }
            for one in self.entries
            for frame, value in enumerate(one.values)
        ]

    def regions(
        self, regions: str | Path | Regions = "template", region: str | Sequence[str] | None = None
    ) -> list[dict[str, Value]]:
        """How much of the maps lies in which articulator, by method, band, segment and region.

        Args:
            regions: ``auto``, found in the video; ``template``; a file as ``analyze regions`` takes it; or regions that
                were read already.
            region: names of the regions to use; all where None.

        Returns:
            Rows with ``share`` of the attribution's absolute value, ``area_share`` of the frame, ``density``, one
            divided by the other, and ``signed_sum``, the mean over the frames of the sum over the region.

        Raises:
            ConfigError: when a file or region is not there or does not fit the clip.
        """
        from rtmri2speech.analysis.regions.region_sums import sum_regions

        return sum_regions(self, regions, region).rows()

    def show(
        self,
        frame: int | None = None,
        *,
        method: str | None = None,
        band: str | None = None,
        display: Display | None = None,
        scale: ColorScale = "clip",
    ) -> Drawing:
        """A figure of one map over the anatomy.

        Args:
            frame: counted from 0; the mean over the clip, over the mean frame, if None. Maps that were read from a
                folder have no video: their frames, too, are shown over the mean frame.
            method: hirescam if there is one and none is given.
            band: the first if none is given.
            display: the positive part (``classical``, of gradcam by default) or both signs (``signed``).
            scale: full color is the largest value of the clip, or of this frame; the mean is scaled to itself.

        Raises:
            ConfigError: when the clip has no such frame.
            KeyError: when there are no maps of this method and band.
        """
        from rtmri2speech.analysis.attribution.figures import draw_frame, draw_mean

        method = method or ("hirescam" if "hirescam" in self.methods else self.methods[0])
        one = self[method, band or next((one.band.name for one in self.entries if one.method == method), "")]
        if frame is None:
            return draw_mean(self, one, display)
        require_frames([frame], self.n_frames, self.video, "frame")
        return draw_frame(self, one, frame, display, scale)

    def save(self, folder: str | Path, pixels: bool = True) -> list[Path]:
        """Write the maps to a folder, which :func:`rtmri2speech.analysis.map_folder.read.read_maps` reads.

        What an earlier run of the same methods has left there, and what was made from it, is removed first.

        Args:
            folder: where.
            pixels: write every map as pixels (T x S x S, float32: 71 MB per 10 s and map at 256 x 256) next to its
                cells, and means; without, the cells alone, from which all else can be made.

        Returns:
            The files.

        Raises:
            UserError: when a file cannot be written.
        """
        from rtmri2speech.analysis.map_folder.write import write_maps

        return write_maps(self, Path(folder), pixels)

    def __repr__(self) -> str:
        seconds = self.n_frames / float(self.frame_rate)
        lines = "".join(f"\n  {one!r}" for one in self.entries)
        return f"Maps({self.name!r}, {self.n_frames} frames, {seconds:.2f} s, {self.size} x {self.size} pixels){lines}"

    def _repr_html_(self) -> str:
        means = (self.show(method=one.method, band=one.band.name).html(one.stem, "45%") for one in self.entries)
        return f"<div><pre>{html.escape(repr(self))}</pre>{''.join(means)}</div>"


def require_frames(frames: Sequence[int], n_frames: int, video: str | Path, parameter: str = "target_frames") -> None:
    """Refuse frames that a clip does not have.

    Args:
        frames: counted from 0.
        n_frames: how many the clip has.
        video: its name, for the message.
        parameter: what the frames are called where they were given, for the message.

    Raises:
        ConfigError: naming the first one.
    """
    wrong = next((frame for frame in frames if not 0 <= frame < n_frames), None)
    if wrong is not None:
        raise ConfigError(
            f"`{parameter}={wrong}`: {video} has {n_frames} frames.",
            f"Frames are counted from 0; the last one is {n_frames - 1}.",
        )
