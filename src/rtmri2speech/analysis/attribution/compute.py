"""``gradcam``: from a model and a video to maps in memory; the arithmetic is in ``layer_maps``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtmri2speech.analysis.arguments import Video, open_clip, require_known, several
from rtmri2speech.analysis.attribution.band_maps import METHODS, BandMaps, Method
from rtmri2speech.analysis.attribution.explainer import Explainer
from rtmri2speech.analysis.attribution.layer_maps import last_stride, require_strides
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.analysis.attribution.pixels import largest_pixel
from rtmri2speech.analysis.attribution.targets import KINDS, Bands, Target, TargetKind, read_bands, targets_for
from rtmri2speech.analysis.regions.masks import source_of
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.remarks import notes_on_analysis
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate

DEFAULT_TARGETS: dict[Method, TargetKind] = {"gradcam": "energy", "hirescam": "centroid"}
"""What each method explains by default: the reference configuration's target, and the one whose maps agree best with
tube acoustics and with the model itself."""

DETAIL_STRIDE = 16
"""Stride in pixels of the layer that ``hirescam`` explains by default."""


def gradcam(
    model: Model,
    video: Video,
    *,
    bands: Bands = None,
    target: TargetKind | None = None,
    methods: Method | Sequence[Method] = METHODS,
    stride: int = DETAIL_STRIDE,
    fps: FrameRate | None = None,
    progress: Progress = SILENT,
) -> Maps:
    """Explain every frame of a video: which place of it made which band of the predicted speech.

    Maps are exact gradients times activations, signed and in the target's unit; the classical Grad-CAM map is the
    positive part of ``gradcam``. The cells of all maps are kept in memory: some 30 MB per hour, band and method at the
    default stride.

    Args:
        model: with an acoustic model; from :func:`rtmri2speech.inference.model.load_model`.
        video: any video that can be decoded, or a clip from :meth:`Model.open`.
        bands: ``{"F1": (300, 900)}`` in Hz, or ``["F1:300-900"]``; F1:300-900 and F2:900-2500 if None.
        target: what is explained; each method's own, :data:`DEFAULT_TARGETS`, if None.
        methods: kinds of maps.
        stride: of the layer that ``hirescam`` explains, in pixels.
        fps: true frame rate, where the file's is known to be wrong.
        progress: counts frames; each is passed twice.

    Raises:
        BundleError: when there is no acoustic model.
        ConfigError: when a band, target, method or layer does not exist.
        MediaError: when the video cannot be used.
    """
    require_known("methods", several(methods), METHODS)
    require_known("target", () if target is None else (target,), KINDS)
    explainer = Explainer(model)
    chosen = read_bands(bands, model.features)
    last = last_stride(explainer.model)
    strides = {method: last if method == "gradcam" else stride for method in several(methods)}
    require_strides(explainer.model, strides.values())
    clip = open_clip(model, video, fps)
    progress.expect(2 * clip.n_frames)
    kinds = list(dict.fromkeys(target or DEFAULT_TARGETS[method] for method in strides))
    notes = notes_on_analysis(model, clip)

    encoded = explainer.encode(clip, list(strides.values()), progress)
    mel_db = explainer.predict(encoded.features)
    targets: list[Target] = []
    for kind in kinds:
        found, remarks = targets_for(mel_db, chosen, kind, model.features)
        targets += found
        notes += remarks
    explained = explainer.explain(encoded.features, targets, mel_db)
    # The targets, by their rows, that each layer is explained for.
    rows = {
        method: range(first, first + len(chosen))
        for method in strides
        for first in [kinds.index(target or DEFAULT_TARGETS[method]) * len(chosen)]
    }
    wanted = {
        layer: sorted({row for method in strides if strides[method] == layer for row in rows[method]})
        for layer in strides.values()
    }
    cells = explainer.cells(clip, explained.gradients, list(wanted), encoded.kept, wanted, progress)
    values = explained.values.cpu().numpy().astype(np.float32)
    entries = []
    for method, layer in strides.items():
        for row, band in zip(rows[method], chosen, strict=True):
            made = cells[layer][wanted[layer].index(row)]
            kind, scale = target or DEFAULT_TARGETS[method], largest_pixel(made, clip.frames.size)
            entries.append(BandMaps(method, band, kind, layer, clip.frames.size, values[row], scale, made))
    if clip.scan.over_bright:
        notes.append(f"the first {clip.scan.over_bright} source frame(s) are over-bright: mistrust their maps")
    return Maps(
        video=str(clip.scan.path),
        frame_rate=model.features.frame_rate,
        size=clip.frames.size,
        entries=tuple(entries),
        mean_frame=encoded.mean_frame,
        source=source_of(clip),
        about={
            **model.about(),
            "card": model.bundle.card,
            "inference": None if model.bundle.acoustic is None else model.bundle.acoustic.inference,
        },
        notes=tuple(notes),
        mel_db=mel_db,
        clip=clip,
    )
