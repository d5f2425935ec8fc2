"""Maps compared with physics: does attribution lie where, by the sensitivity functions, a formant is made?"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtmri2speech.analysis.arguments import (
    Video,
    open_clip,
    require_known,
    several,
)
from rtmri2speech.analysis.attribution.targets import KINDS, Bands, TargetKind, read_bands
from rtmri2speech.analysis.regions.masks import read_regions, source_of
from rtmri2speech.analysis.validation.clip_probe import STRIDES, ClipProbe
from rtmri2speech.analysis.validation.profiles import Profile, ProfileTable, scores_of
from rtmri2speech.analysis.validation.signed.agreement import SignedAgreement
from rtmri2speech.analysis.validation.signed.stretches import true_hz_per_mm
from rtmri2speech.analysis.validation.signed.warp_test import labels_of_walls
from rtmri2speech.analysis.validation.similarity import cosine, rank_correlation
from rtmri2speech.analysis.validation.summary_table import PHYSICS, POOLED, Score, write_scores
from rtmri2speech.analysis.validation.tract import (
    FORMANTS,
    DrawnTract,
    SimulatedTract,
    Tract,
    drawn_tract,
    simulated_tract,
)
from rtmri2speech.analysis.widening.formant_targets import NAMES
from rtmri2speech.corpora.sound_of_recording import clock_of_labels
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.textgrid import annotation_notes, read_textgrid
from rtmri2speech.data.tables import Value, write_table
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.remarks import notes_on_analysis
from rtmri2speech.phonetics.labeled_segments import labeled_segments
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

_VOWEL_COLUMNS = ("band", "vowel", "frames", "cosine", "rank", "tract_mass")


@dataclass(frozen=True, repr=False)
class Plausibility:
    """How well maps agree with the sensitivity functions of the vocal tract, by vowel and formant.

    Attributes:
        places: names of the K places along the tract.
        profiles: attribution and sensitivity by place, for every variant, band and vowel.
        about: videos, model and options, as in ``physics.json``.
        notes: remarks on the TextGrid, and which frames of the regions are not to be trusted.
        signed: Hz per mm, with its sign, compared with tubes; None where it was not asked for.
    """

    places: tuple[str, ...]
    profiles: list[Profile]
    about: dict[str, Any]
    notes: tuple[str, ...] = ()
    signed: SignedAgreement | None = None

    def scores(self) -> list[Score]:
        """By variant and band, and by variant for all bands together."""
        return scores_of(self.profiles)

    def rows(self) -> list[dict[str, Value]]:
        """The scores as a table: ``pandas.DataFrame(found.rows())``.

        Columns: method, target, cell_pixels (the layer's stride), band (``all`` for both together); ``cosine`` and
        ``rank`` of attribution with sensitivity, means over vowels; ``cosine_even``, the cosine of a map that is the
        same everywhere; ``p``, places permuted, and ``p_specific``, vowels permuted, both exact; ``tract_mass``, share
        of the map that lies in the tract, and ``tract_density``, that divided by the tract's share of the frame.
        """
        return [score.row() for score in self.scores()]

    def vowel_rows(self) -> list[dict[str, Value]]:
        """The profile of every variant, band and vowel as a table: shares found and expected in each place."""
        return list(self._vowel_rows())

    def show(self) -> Drawing:
        """Shares by place, a row of axes per band and a column per vowel, of the first variant and the best one.

        Raises:
            ConfigError: when there are Hz per mm alone.
        """
        if not self.profiles:
            raise ConfigError(
                "Hz per mm by stretch are not shares by region, and there are no maps.",
                "Look at `found.signed.rows()`, or give a model of frames.",
            )
        from rtmri2speech.analysis.validation.figures import plausibility_figure

        pooled = [score for score in self.scores() if score.band == POOLED]
        best = max(pooled, key=lambda score: score.values["cosine"]).variant
        return plausibility_figure(self, list(dict.fromkeys([pooled[0].variant, best])))

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``physics.csv``, ``physics.json``, ``physics_vowels.csv`` and ``physics.png``.

        Of Hz per mm also ``physics_signed.csv`` and ``physics_signed_tokens.csv``, or these alone.

        Args:
            folder: made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        from rtmri2speech.drawing.style import save_drawing

        out = Path(folder)
        signed = self.signed.save(out) if self.signed is not None else []
        if not self.profiles:
            return signed
        columns = ["method", "target", "cell_pixels", *_VOWEL_COLUMNS]
        columns += [f"{what}_{name}" for what in ("found", "expected") for name in self.places]
        numbers = ({name: _digits(cell) for name, cell in row.items()} for row in self._vowel_rows())
        return [
            *write_scores(out / PHYSICS, self.scores(), self.about),
            write_table(out / "physics_vowels.csv", columns, numbers),
            save_drawing(self.show(), out / "physics.png"),
            *signed,
        ]

    def __repr__(self) -> str:
        vowels = dict.fromkeys(vowel for frames in self.about["frames"] for vowel in frames)
        return f"Plausibility({len(self.about['videos'])} videos, vowels {' '.join(vowels)}, {len(self.places)} places)"

    def _repr_html_(self) -> str:
        shown = self.show().html("attribution and sensitivity by place") if self.profiles else ""
        return f"<div>{html.escape(repr(self))}<br>{shown}</div>"

    def _vowel_rows(self) -> Iterator[dict[str, Value]]:
        for one in self.profiles:
            similar = float(cosine(one.found, one.expected)), float(rank_correlation(one.found, one.expected))
            row: dict[str, Value] = {**one.variant.key}
            row |= zip(_VOWEL_COLUMNS, (one.band, one.vowel, one.frames, *similar, one.mass), strict=True)
            for what, values in (("found", one.found), ("expected", one.expected)):
                row |= {f"{what}_{name}": value for name, value in zip(self.places, values.tolist(), strict=True)}
            yield row


def plausibility(
    model: Model,
    videos: Video | Sequence[Video],
    *,
    target: TargetKind | Sequence[TargetKind] | None = None,
    stride: int | Sequence[int] = STRIDES,
    bands: Bands = None,
    regions: str | Path | None = None,
    textgrid: str | Path | None = None,
    tier: str = "phones",
    label: str | Sequence[str] | None = None,
    signed: bool = True,
    permuted: int = 1,
    fps: FrameRate | None = None,
    progress: Progress = SILENT,
) -> Plausibility:
    """Compare maps with the sensitivity functions of F1 and F2 (Fant 1975; Story 2006), by vowel.

    Of simulated utterances the truth next to the video is used (NAME.npz): stretches of the tract and their own
    sensitivity. Of one other recording, regions and labeled vowels, paired with tubes that produce the same vowels.
    A model that reads a measured tract has no maps: its Hz per mm alone are compared.

    Args:
        model: with an acoustic model; :func:`rtmri2speech.inference.model.load_model` makes it.
        videos: one or several; all of them are pooled.
        target: what is explained: ``energy``, ``log-energy``, ``centroid`` or ``adaptive``; all where None.
        stride: strides in pixels of the layers that are compared with the last one.
        bands: the bands of F1 and of F2.
        regions: lips, tongue_tip, tongue_body, tongue_root and larynx of a real speaker: ``"auto"``, found in the
            video; ``"template"``, labels of ``segment`` (.npz), polygons (.json), or contours (.mat).
        textgrid: with regions, a Praat TextGrid with the vowels, in the time of the video's sound.
        tier: its tier.
        label: its vowels; those of a, i, u, e, o that it has where None.
        signed: also compare Hz per mm, with its sign, with that of a tube: of simulated speakers their true one, of
            others the one that is measured in the video.
        permuted: models with permuted weights whose Hz per mm are compared as well.
        fps: true frame rate, where the videos' is known to be wrong.
        progress: counts videos.

    Raises:
        BundleError: when the model has no acoustic model.
        ConfigError: for impossible options, a truth of another clip, no vowel to compare, or a model that reads a
            measured tract where no tract is found, or where maps are asked for.
        DatasetError: when a truth cannot be read.
        MediaError: when a video or the TextGrid cannot be used.
    """
    several_videos = [videos] if isinstance(videos, str | Path | Clip) else list(videos)
    if (regions is None) != (textgrid is None):
        raise ConfigError(
            "`regions` and `textgrid` belong together.", "Give both for a real speaker, none for simulated utterances."
        )
    if regions is not None and len(several_videos) > 1:
        raise ConfigError("`regions` fits one video.", "Give one video at a time, each with a folder of its own.")
    kinds = several(KINDS if target is None else target)
    require_known("target", kinds, KINDS)
    both = read_bands(bands, model.features)
    if len(both) != FORMANTS:
        raise ConfigError(f"`bands`: {len(both)} given.", "Give two, that of F1 first and that of F2 second.")
    by_frames = model.bundle.tract is None
    if not by_frames:
        _refuse_maps(target is None and stride is STRIDES, signed)
    clips = [open_clip(model, video, fps) for video in several_videos]
    labels = None if label is None else several(label)
    tracts = [_tract(clip, model, regions, textgrid, tier, labels) for clip in clips]
    notes = [] if textgrid is None else list(annotation_notes(Path(textgrid), clock_of_labels(clips[0])[1]))
    notes += [f"{clip.scan.path.name}: {note}" for clip in clips for note in notes_on_analysis(model, clip)]
    strides = several(stride)
    table = ProfileTable()
    hertz = SignedAgreement(NAMES[:FORMANTS]) if signed else None
    unscored: ConfigError | None = None
    progress.expect(len(clips))
    for clip, tract in zip(clips, tracts, strict=True):
        progress.describe(clip.scan.path.name)
        if by_frames:
            table.add(ClipProbe.open(model, clip, both, kinds, strides), tract)
        if hertz is not None:
            try:
                _add_signed(hertz, table, model, clip, tract, regions, [band.name for band in both], permuted)
            except ConfigError as error:
                unscored = error
                notes.append(f"Hz per mm are not compared: {error.problem}")
        progress.advance()
    if unscored is not None and not by_frames and hertz is not None and not hertz.rows():
        raise unscored  # there is nothing else
    places = tracts[0].names
    about = {
        **model.about(),
        "videos": [str(clip.scan.path) for clip in clips],
        "regions_of": None if regions is None else str(regions),
        "regions_sha256": hash_files([Path(regions)]) if regions and Path(regions).is_file() else None,
        "regions": [{"name": name} for name in places],
        "textgrid": None if textgrid is None else str(textgrid),
        "tier": None if textgrid is None else tier,
        "frames": [{vowel: frames.tolist() for vowel, frames in tract.vowels.items()} for tract in tracts],
        "targets": kinds if by_frames else [],
        "permuted": permuted if signed else 0,
        "strides": strides if by_frames else [],
        "bands": [asdict(band) for band in both],
        "fps": None if fps is None else str(fps),
        "device": str(model.device),
    }
    notes += [note for tract in tracts if isinstance(tract, DrawnTract) for note in tract.regions.notes]
    return Plausibility(places, table.profiles(), about, tuple(notes), hertz)


def _refuse_maps(plain: bool, signed: bool) -> None:
    """Refuse to make maps of a model that reads no frames."""
    if not plain:
        raise ConfigError(
            "`target` and `stride` are of maps, and the model reads no frames that there could be maps of.",
            "Leave them out; its Hz per mm are compared.",
        )
    if not signed:
        raise ConfigError(
            "without Hz per mm there is nothing to compare: the model reads no frames, so that there are no maps.",
            "Compare Hz per mm, or give a model of frames, such as phantom.",
        )


def _add_signed(
    hertz: SignedAgreement,
    table: ProfileTable,
    model: Model,
    clip: Clip,
    tract: Tract,
    regions: str | Path | None,
    bands: Sequence[str],
    permuted: int,
) -> None:
    """Add a clip's Hz per mm: with signs, and of a simulated tract by size, among the maps."""
    if isinstance(tract, SimulatedTract):
        truth = true_hz_per_mm(tract.truth)
        # What reads a measured tract is asked about the one that synthesis gives it.
        areas = "phantom" if model.bundle.tract is None else None
        found = hertz.add(model, clip, tract.vowels, area_model=areas, truth=truth, permuted=permuted)
        table.add_widening(found, tract, bands)
        return
    hertz.add(model, clip, tract.vowels, regions=labels_of_walls(regions), permuted=permuted)


def _tract(
    clip: Clip,
    model: Model,
    regions: str | Path | None,
    textgrid: str | Path | None,
    tier: str,
    labels: Sequence[str] | None,
) -> Tract:
    source, video = source_of(clip), clip.scan.path
    if regions is None or textgrid is None:
        truth = video.with_suffix(".npz")
        if not truth.is_file():
            raise ConfigError(
                f"{video}: there is no {truth.name} with the truth of a simulated utterance next to it.",
                "For a real speaker give `regions` and `textgrid`.",
            )
        return simulated_tract(truth, source)
    grid, rate = Path(textgrid), model.features.frame_rate
    found = read_regions(str(regions), source)
    lead, seconds = clock_of_labels(clip)
    segments = labeled_segments(grid, tier, labels or _vowels(grid), clip.n_frames, rate, lead, seconds)
    return drawn_tract(found, segments, clip.n_frames, rate, str(regions))


def _vowels(textgrid: Path) -> list[str]:
    """Those of the five vowels that a TextGrid has somewhere; all of them, for the message, where it has none."""
    there = {entry.label.strip() for tier in read_textgrid(textgrid).interval_tiers for entry in tier.entries}
    return [vowel for vowel in "aiueo" if vowel in there] or list("aiueo")


def _digits(cell: Value) -> Value:
    """Five significant digits; an unknown number stands as ``nan`` in this table."""
    return f"{cell:.5g}" if isinstance(cell, float) else cell
