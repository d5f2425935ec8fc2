"""Hide articulators and measure what becomes of the predicted speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rtmri2speech.analysis.arguments import (
    Video,
    WhichRegions,
    open_clip,
    regions_of,
    several,
)
from rtmri2speech.analysis.attribution.targets import Bands, read_bands
from rtmri2speech.analysis.occlusion.conditions import ALPHAS, OcclusionOptions
from rtmri2speech.analysis.occlusion.fills import Fill
from rtmri2speech.analysis.occlusion.occlusion import Effect, Occlusion, measure_effects
from rtmri2speech.analysis.occlusion.predictions import Predictions, predict_occluded
from rtmri2speech.errors import BundleError
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.remarks import notes_on_analysis
from rtmri2speech.inference.requirements import require_acoustic
from rtmri2speech.models.bundle.model_file import JOIN_COMMAND
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate


def occlude(
    model: Model,
    video: Video,
    *,
    region: str | Sequence[str] | None = None,
    alpha: float | Sequence[float] = ALPHAS,
    fill: Fill | Sequence[Fill] = "darken",
    regions: WhichRegions = "template",
    bands: Bands = None,
    controls: int = 2,
    seed: int = 0,
    wavs: bool = False,
    fps: FrameRate | None = None,
    progress: Progress = SILENT,
) -> Occlusion:
    """Hide articulators and measure what becomes of the speech.

    Each region is hidden in every frame, and so are control regions: its own shape, moved off the articulators to a
    place of similar brightness. An effect counts as far as it exceeds that of the controls. Frames are changed after
    their normalization, as the model receives them. With a vocoder in the model, and Praat installed, pitch, formants
    and spectrum of the sound are measured, too.

    Args:
        model: with an acoustic model; :func:`rtmri2speech.inference.model.load_model` makes it.
        video: the video; its sound, if it has any, is not used.
        region: names of regions to hide, one at a time; all where None.
        alpha: how much stays visible: 0 hides, 1 leaves as is. 1 is always measured as well.
        fill: what a region is replaced by: ``darken``, black; ``blur``, the frame out of focus; ``freeze``, the
            clip's mean frame, which never moves; ``neighbourhood``, what lies around it.
        regions: where the articulators are.
        bands: frequency bands whose level and formant are measured.
        controls: how many control regions for each region.
        seed: of the draw of their places.
        wavs: keep the wave of every condition, float32, in :attr:`Occlusion.waves`.
        fps: true frame rate, where the video's is known to be wrong.
        progress: counts frames while regions are hidden, then conditions.

    Raises:
        BundleError: when the model has no acoustic model, or waves are asked for and it has no vocoder.
        ConfigError: for impossible options, an unknown region, or regions that cover no pixel.
        MediaError: when the video cannot be used.
    """
    require_acoustic(model.bundle)
    if not model.wanted.asked:
        model = model.in_torch()  # effects of small regions are differences as small as its rounding
    has_vocoder = model.bundle.vocoder is not None
    if wavs and not has_vocoder:
        raise BundleError(
            f"{model.bundle.source} holds no vocoder, so there is no sound to keep.",
            f"Leave out `wavs`, or join both: {JOIN_COMMAND}",
        )
    chosen = read_bands(bands, model.features)
    clip = open_clip(model, video, fps)
    known, origin = regions_of(regions, clip)
    names = known.names if region is None else known.only(several(region)).names
    alphas = tuple(dict.fromkeys([*several(alpha), 1.0]))
    options = OcclusionOptions(names, several(fill), alphas, controls, seed)
    name = clip.scan.path.name
    progress.describe(f"Hiding regions of {name}")
    progress.expect(options.passes * clip.n_frames)
    predictions = predict_occluded(model, clip, known, options, progress)
    progress.describe("Measuring")
    progress.expect(len(predictions.mels))
    vocode = model.vocode if has_vocoder else None
    effects, waves = measure_effects(predictions, chosen, model.features, vocode, wavs, progress)
    about = {
        **model.about(),
        "video": str(clip.scan.path),
        **origin,
        "n_frames": clip.n_frames,
        "fills": options.fills,
        "alphas": options.alphas,
        "seed": seed,
        "bands": [asdict(band) for band in chosen],
        "regions": [
            {"name": one, "pixels": pixels, "controls": [asdict(place) for place in predictions.controls[one]]}
            for one, pixels in predictions.pixels.items()
        ],
    }
    return Occlusion(
        name,
        predictions.unmasked,
        predictions.mels,
        effects,
        chosen,
        predictions.controls,
        [*notes_on_analysis(model, clip), *known.notes, *_notes(predictions, effects, controls, has_vocoder)],
        about,
        model.features.sample_rate,
        waves,
    )


def _notes(predictions: Predictions, effects: Sequence[Effect], controls: int, has_vocoder: bool) -> list[str]:
    notes = [f"region '{name}' covers no pixel in any frame: left out" for name in predictions.empty]
    for name, places in predictions.controls.items():
        if len(places) < controls:
            notes.append(f"region '{name}' has room for {len(places)} control(s) only")
    if has_vocoder and not any(effect.measure.source == "sound" for effect in effects):
        notes.append("nothing was measured of the sound: Praat is missing (extra phonetics)")
    return notes
