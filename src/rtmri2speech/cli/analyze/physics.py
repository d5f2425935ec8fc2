"""``rtmri2speech analyze physics``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Fps, Many, ModelFile, parse_fps, progress
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from rtmri2speech.analysis.validation.tract import Tract
    from rtmri2speech.data.media.clips import Clip
    from rtmri2speech.signal.features import FeatureConfig


def physics(
    videos: Annotated[list[Path], Parameter(name=["VIDEOS", "--videos"], consume_multiple=True, negative="")],
    *,
    model: ModelFile,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    target: Annotated[list[Literal["energy", "log-energy", "centroid", "adaptive"]], Many] | None = None,
    stride: Annotated[list[int], Many] | None = None,
    formant_band: Annotated[list[str], Many] | None = None,
    regions: str | None = None,
    textgrid: Path | None = None,
    tier: str = "phones",
    label: Annotated[list[str], Many] | None = None,
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Compare maps with the sensitivity functions of the vocal tract, by vowel and formant.

    Of simulated utterances the truth beside the video is used (NAME.npz): stretches of the tract and their own
    sensitivity. Of one other recording, regions from --regions and vowels from --textgrid, beside tubes that speak the
    same vowels. Writes physics.csv, .json, .png, physics_vowels.csv, and belief.csv and .md, which also hold what
    analyze faithfulness found, if it wrote to the same folder.

    Parameters
    ----------
    videos
        Videos; all of them are pooled.
    model
        A model file with an acoustic model.
    out
        Folder to write to.
    target
        What is explained; all targets if none is given.
    stride
        Pixels a cell of the layers beside the last one; 16 and 8 if none is given.
    formant_band
        The bands of F1 and of F2 in Hz; F1:300-900 and F2:900-2500 if none is given.
    regions
        Lips, tongue_tip, tongue_body, tongue_root and larynx of a real speaker: template, polygons (.json), or
        contours (.mat).
    textgrid
        With --regions, a Praat TextGrid with the vowels, in the time of the video's sound.
    tier
        Its tier.
    label
        Its vowels; a i u e o if none is given.
    device
        Where to run; auto takes a GPU if there is one.
    """
    rate = parse_fps(fps)
    if (regions is None) != (textgrid is None):
        raise ConfigError(
            "--regions and --textgrid belong together.", "Give both for a real speaker, none for simulated utterances."
        )
    if regions is not None and len(videos) > 1:
        raise ConfigError("--regions fits one video.", "Give one video at a time, each with another --out.")

    from rtmri2speech.analysis.attribution.explainer import Explainer, open_video
    from rtmri2speech.analysis.attribution.targets import read_bands
    from rtmri2speech.analysis.validation.plausibility import PhysicsTable, scores_of, write_physics
    from rtmri2speech.analysis.validation.probe import KINDS, STRIDES, Probe
    from rtmri2speech.analysis.validation.tract import FORMANTS
    from rtmri2speech.data.files import check_writable, hash_files
    from rtmri2speech.models.bundle.describe import origin_of_model
    from rtmri2speech.models.bundle.model_file import load_bundle
    from rtmri2speech.models.devices import choose_device
    from rtmri2speech.reporting.figures.plausibility import draw_physics

    bundle = load_bundle(model)
    explainer = Explainer(bundle, choose_device(device))
    bands = read_bands(formant_band, bundle.features)
    if len(bands) != FORMANTS:
        raise ConfigError(f"--formant-band: {len(bands)} given.", "Give two, that of F1 first and that of F2 second.")
    clips = [open_video(video, explainer, rate) for video in videos]
    tracts = [_tract(clip, bundle.features, regions, textgrid, tier, label) for clip in clips]
    check_writable(out / "physics.csv")
    table = PhysicsTable(tracts[0].names)
    kinds, strides = tuple(dict.fromkeys(target or KINDS)), stride or STRIDES
    with progress("Comparing", "videos") as bar:
        bar.expect(len(clips))
        for clip, tract in zip(clips, tracts, strict=True):
            bar.describe(clip.scan.path.name)
            table.add(Probe(clip, explainer, bands, kinds, strides), tract)
            bar.advance()
    profiles = table.profiles()
    vowels = [{vowel: frames.tolist() for vowel, frames in tract.vowels.items()} for tract in tracts]
    about = {
        **origin_of_model(model, bundle),
        "videos": [str(video) for video in videos],
        "regions_of": regions,
        "regions_sha256": hash_files([Path(regions)]) if regions and Path(regions).is_file() else None,
        "regions": [{"name": name} for name in table.names],
        "textgrid": None if textgrid is None else str(textgrid),
        "tier": None if textgrid is None else tier,
        "frames": vowels,
        "targets": kinds,
        "strides": strides,
        "bands": [asdict(band) for band in bands],
        "fps": fps,
        "device": str(explainer.device),
    }
    notes: list[str] = []
    files = [*write_physics(out, table.names, profiles, about, notes), out / "physics.png"]
    pooled = [score for score in scores_of(profiles) if score.band == "all"]
    best = max(pooled, key=lambda score: score.values["cosine"]).variant
    draw_physics(files[-1], table.names, profiles, list(dict.fromkeys([pooled[0].variant, best])))
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print((out / "belief.md").read_text(encoding="utf-8"), end="")
    print("\n".join(str(path) for path in files))
    return 0


def _tract(
    clip: Clip, features: FeatureConfig, regions: str | None, textgrid: Path | None, tier: str, labels: list[str] | None
) -> Tract:
    from rtmri2speech.analysis.regions.masks import read_regions, source_of
    from rtmri2speech.analysis.validation.tract import drawn_tract, simulated_tract
    from rtmri2speech.corpora.sound_of_recording import lead_of_labels
    from rtmri2speech.phonetics.labelled_segments import labelled_segments

    source, video = source_of(clip), clip.scan.path
    if regions is None or textgrid is None:
        truth = video.with_suffix(".npz")
        if not truth.is_file():
            raise ConfigError(
                f"{video}: there is no {truth.name} with the truth of a simulated utterance beside it.",
                "For a real speaker give --regions and --textgrid.",
            )
        return simulated_tract(truth, source)
    found = read_regions(regions, source)
    labels, lead = labels or _vowels(textgrid), lead_of_labels(clip)
    segments = labelled_segments(textgrid, tier, labels, clip.n_frames, features.frame_rate, lead)
    return drawn_tract(found, segments, clip.n_frames, features.frame_rate, regions)


def _vowels(textgrid: Path) -> list[str]:
    """Those of the five vowels that a TextGrid has somewhere; all of them, for the message, where it has none."""
    from praatio.data_classes.interval_tier import IntervalTier

    from rtmri2speech.data.media.textgrid import read_textgrid

    tiers = [tier for tier in read_textgrid(textgrid).tiers if isinstance(tier, IntervalTier)]
    there = {entry.label.strip() for tier in tiers for entry in tier.entries}
    return [vowel for vowel in "aiueo" if vowel in there] or list("aiueo")
