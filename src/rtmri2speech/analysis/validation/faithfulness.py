"""How faithful maps are to the model: what randomization, deletion, insertion and hiding regions say, as tables."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from rtmri2speech.analysis.arguments import (
    Video,
    WhichRegions,
    open_clip,
    regions_of,
    require_known,
    several,
)
from rtmri2speech.analysis.attribution.targets import KINDS, UNITS, Bands, TargetKind, read_bands
from rtmri2speech.analysis.validation.clip_probe import (
    STRIDES,
    ClipProbe,
    MapKey,
    MapTargets,
    Variant,
    acoustic_parts,
)
from rtmri2speech.analysis.validation.deletion_insertion import Curves, DeletionInsertion, deletion_insertion
from rtmri2speech.analysis.validation.randomization import Similarity, cascade
from rtmri2speech.analysis.validation.region_occlusion import RegionAgreement, region_correlation
from rtmri2speech.analysis.validation.signed.warp_test import WARPS, WarpScore, labels_of_walls, warp_test, write_warps
from rtmri2speech.analysis.validation.summary_table import FAITHFULNESS, POOLED, Score, write_scores
from rtmri2speech.arrays import Float32, Int64
from rtmri2speech.data.tables import Row, Value, write_table
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.remarks import notes_on_analysis
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

_TESTS: tuple[Literal["deletion", "insertion"], ...] = ("deletion", "insertion")


@dataclass(frozen=True, repr=False)
class Faithfulness:
    """How faithful maps of a clip are to the model, for every method, target and layer.

    Attributes:
        name: the video's file name.
        frames: numbers of the frames that were looked at.
        layout: which targets and layers.
        similarities: of the maps before and after each step of the randomization.
        curves: deletion and insertion.
        regions: attribution compared with the effect of hiding.
        notes: remarks: what could not be compared, and why.
        about: video, model and options, as in ``faithfulness.json``.
        warps: whether moving walls moves formants as Hz per mm say, by formant; empty where it was not asked for.
    """

    name: str
    frames: Int64
    layout: MapTargets
    similarities: list[Similarity[MapKey]]
    curves: DeletionInsertion[MapKey]
    regions: dict[MapKey, RegionAgreement]
    notes: list[str]
    about: dict[str, Any]
    warps: list[WarpScore] = field(default_factory=list)

    def scores(self) -> list[Score]:
        """By variant and band, and by variant for all bands: means over them."""
        found = []
        for variant in self.layout.variants:
            bands = [self._score((variant, band.name)) for band in self.layout.bands]
            found += bands
            table = np.array([list(score.values.values()) for score in bands])
            found.append(Score(variant, POOLED, dict(zip(bands[0].values, table.mean(axis=0).tolist(), strict=True))))
        return found

    def rows(self) -> list[dict[str, Value]]:
        """The scores as a table: ``pandas.DataFrame(found.rows())``.

        Columns: method, target, cell_pixels (the layer's stride), band (``all`` for the mean over bands);
        ``randomised_*``, similarity with maps of the wholly randomized model (near 0 is good); ``deletion_vs_*`` and
        ``insertion_vs_*``, how many times better than a baseline (above 1 is better); ``regions_*``, rank correlation
        of attribution with the effect of hiding regions.
        """
        return [score.row() for score in self.scores()]

    def show(self) -> Drawing:
        """A row of axes per target: similarity after randomization, deletion, insertion."""
        from rtmri2speech.analysis.validation.figures import faithfulness_figure

        return faithfulness_figure(self)

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``faithfulness.csv``, ``.json``, ``.png``, ``faithfulness_randomisation.csv`` and ``_curves.csv``.

        With walls moved also ``faithfulness_warp.csv``. The curves are medians over frames of the target's distance
        from its value with nothing changed.

        Args:
            folder: made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        from rtmri2speech.drawing.style import save_drawing

        out = Path(folder)
        randomized = ["step", "method", "target", "cell_pixels", "band", "rank", "rank_absolute", "ssim"]
        curves = ["order", "target", "unit", "band", "fraction", "deletion", "insertion"]
        return [
            *write_scores(out / FAITHFULNESS, self.scores(), self.about),
            write_table(out / "faithfulness_randomisation.csv", randomized, map(_similarity_row, self.similarities)),
            write_table(out / "faithfulness_curves.csv", curves, self._curve_rows()),
            save_drawing(self.show(), out / "faithfulness.png"),
            *([write_warps(out / WARPS, self.warps)] if self.warps else ()),
        ]

    def __repr__(self) -> str:
        variants = len(self.layout.variants)
        return f"Faithfulness({self.name!r}, {len(self.frames)} frames, {variants} kinds of map)"

    def _repr_html_(self) -> str:
        return f"<div>{html.escape(repr(self))}<br>{self.show().html('tests of the maps')}</div>"

    def _score(self, key: MapKey) -> Score:
        variant, band = key
        target = self.layout.index(key)
        (*_, random) = (one for one in self.similarities if one.key == key)
        region = self.regions[key]
        values = {"randomised_rank": random.rank, "randomised_rank_absolute": random.rank_absolute}
        values["randomised_ssim"] = random.ssim
        for test in _TESTS:
            ratios = self.curves.gains(key, test, target)
            values |= {f"{test}_vs_{baseline}": ratio for baseline, ratio in ratios.items()}
            values[f"{test}_vs_best"] = min(ratios.values())
        values |= {"regions_signed": float(region.signed[target]), "regions_absolute": float(region.absolute[target])}
        return Score(variant, band, values)

    def _curve_rows(self) -> Iterator[Row]:
        bands, kinds = self.layout.bands, self.layout.kinds
        for baseline, curves in self.curves.baselines.items():
            for kind in kinds:
                for number, band in zip(self.layout.numbers(kind), bands, strict=True):
                    yield from _curve_rows(baseline, curves, kind, band.name, number)
        for variant, name in self.layout.keys:
            key = (variant, name)
            order = f"{variant.method} {variant.stride}"
            yield from _curve_rows(order, self.curves.maps[key], variant.target, name, self.layout.index(key))


def faithfulness(
    model: Model,
    video: Video,
    *,
    target: TargetKind | Sequence[TargetKind] | None = None,
    stride: int | Sequence[int] = STRIDES,
    regions: WhichRegions = "template",
    bands: Bands = None,
    frames: int = 12,
    seed: int = 0,
    warps: bool = True,
    fps: FrameRate | None = None,
    progress: Progress = SILENT,
) -> Faithfulness:
    """Test whether maps describe the model, for every method, target and layer.

    Compares maps with those of the model randomized from its output to its input (Adebayo et al. 2018); deletes and
    inserts pixels in their order (Petsiuk et al. 2018), next to random order, edges, motion and distance from the
    center; and compares a region's attribution with the effect of hiding it. For another network than this program's,
    see :mod:`rtmri2speech.analysis.validation.probe`.

    Args:
        model: with an acoustic model; :func:`rtmri2speech.inference.model.load_model` makes it.
        video: the video; a few seconds of speech are enough.
        target: what is explained: ``energy``, ``log-energy``, ``centroid`` or ``adaptive``; all where None.
        stride: strides in pixels of the layers that are compared with the last one.
        regions: where the articulators are.
        bands: frequency bands, one target each.
        frames: how many frames are looked at, evenly spread over those that are not silent.
        seed: of the permuted weights and the random order.
        warps: also widen the tract by 1 mm, stretch by stretch, and compare what formants do with Hz per mm.
        fps: true frame rate, where the video's is known to be wrong.
        progress: counts frames twice, then parts of the model.

    Raises:
        BundleError: when the model has no acoustic model.
        ConfigError: for impossible options.
        MediaError: when the video cannot be used.
    """
    if frames < 1:
        raise ConfigError(f"`frames={frames}`: there is nothing to look at.", "Give 1 or more.")
    kinds = several(KINDS if target is None else target)
    require_known("target", kinds, KINDS)
    chosen_bands = read_bands(bands, model.features)
    clip = open_clip(model, video, fps)
    where, origin = regions_of(regions, clip)
    probe = ClipProbe.open(model, clip, chosen_bands, kinds, several(stride))
    chosen = probe.choose(frames)
    maps = probe.maps(chosen)
    randomizable = probe.randomizable()
    progress.expect(2 * len(chosen) + len(acoustic_parts(randomizable)))
    progress.describe("Deleting and inserting")
    curves = _curves(probe, maps, chosen, seed, progress)
    progress.describe("Hiding regions")
    agreement = region_correlation(probe, maps, where.at, chosen, progress=progress)
    progress.describe("Randomizing")
    similarities = cascade(
        randomizable,
        lambda randomized: probe.maps(chosen, randomized),
        trained=maps,
        parts=acoustic_parts,
        calibrate=probe.calibrate,
        seed=seed,
        progress=progress,
    )
    notes, moved = [*notes_on_analysis(model, clip), *where.notes], list[WarpScore]()
    if warps:
        progress.describe("Moving walls")
        try:
            moved = warp_test(model, clip, regions=labels_of_walls(origin["regions_of"]), frames=probe.speech_frames)
        except ConfigError as error:
            notes.append(f"walls are not moved: {error.problem}")
    about = {
        **model.about(),
        "videos": [str(clip.scan.path)],
        **origin,
        "seed": seed,
        "frames": chosen.tolist(),
        "targets": kinds,
        "strides": probe.layout.strides,
        "bands": [asdict(band) for band in chosen_bands],
        "fps": None if fps is None else str(fps),
        "device": str(model.device),
    }
    if not any(np.isfinite([one.signed, one.absolute]).any() for one in agreement.values()):
        notes.append("regions could not be compared: in no frame have three of them a pixel and differ")
    return Faithfulness(clip.scan.path.name, chosen, probe.layout, similarities, curves, agreement, notes, about, moved)


def _curves(
    probe: ClipProbe, maps: dict[MapKey, Float32], chosen: Int64, seed: int, progress: Progress
) -> DeletionInsertion[MapKey]:
    """Curves of all maps; a frame's maps of a power and of its level differ by a factor and share theirs."""

    def first_of_its_order(key: MapKey) -> MapKey:
        variant, band = key
        twin = Variant(variant.method, "log-energy", variant.stride), band
        return twin if variant.target == "energy" and twin in maps else key

    distinct = {key: values for key, values in maps.items() if first_of_its_order(key) == key}
    found = deletion_insertion(probe, distinct, chosen, seed=seed, progress=progress)
    return DeletionInsertion({key: found.maps[first_of_its_order(key)] for key in maps}, found.baselines)


def _similarity_row(one: Similarity[MapKey]) -> list[Value]:
    variant, band = one.key
    return [one.step, *variant.key.values(), band, *map(_digits, (one.rank, one.rank_absolute, one.ssim))]


def _curve_rows(order: str, curves: Curves, kind: str, band: str, target: int) -> Iterator[Row]:
    middle = np.median(np.stack([curves.deletion[target], curves.insertion[target]]), axis=1)
    for fraction, deletion, insertion in zip(curves.fractions, *middle.tolist(), strict=True):
        yield {
            "order": order,
            "target": kind,
            "unit": UNITS[cast(TargetKind, kind)],
            "band": band,
            "fraction": str(fraction),
            "deletion": _digits(deletion),
            "insertion": _digits(insertion),
        }


def _digits(value: float) -> str:
    """Six significant digits; an unknown number stands as ``nan`` in these tables."""
    return f"{value:.6g}"
