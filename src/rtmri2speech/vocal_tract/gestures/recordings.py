"""Tracts with the annotations that belong to them: next to a video, or next to files of tracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rtmri2speech.corpora.names import annotation_next_to
from rtmri2speech.corpora.sound_of_recording import clock_of_video
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.errors import ConfigError
from rtmri2speech.metrics.bootstrap import Bootstrap
from rtmri2speech.vocal_tract.gestures.comparison import Comparison, compare
from rtmri2speech.vocal_tract.gestures.labels import LabelClock, Labels, labels_within
from rtmri2speech.vocal_tract.gestures.tokens import TractTokens, pooled, stretches_of, tokens_in, tokens_of
from rtmri2speech.vocal_tract.measurement.file import FILE_SUFFIX, read_tract
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT
from rtmri2speech.vocal_tract.size import EXPECTED_ERROR

_NO_LABELS = (
    "no annotation next to the tracts: stretches of a second are compared, whatever was said in them. "
    "Put NAME.TextGrid there, or name all of them: `textgrid`."
)
_SUFFIX = Path(FILE_SUFFIX).stem


def annotation_of(video: str | Path, textgrid: str | Path | None = None) -> Path | None:
    """The annotation of a video: the one named, or else NAME.TextGrid, or a table of intervals, next to it; or None."""
    return annotation_next_to(Path(video).with_suffix("")) if textgrid is None else Path(textgrid)


def tokens_of_video(
    tract: Tract,
    video: str | Path | VideoScan,
    textgrid: str | Path,
    *,
    tier: str | None = None,
    label: Sequence[str] = (),
) -> TractTokens:
    """As :func:`~rtmri2speech.vocal_tract.gestures.tokens.tokens_of`, with times on the clock of the video's sound.

    Args:
        tract: of the video.
        video: that was measured.
        textgrid: its annotation.
        tier: its tier; found by itself if not given, as the vowels are.
        label: labels that count; vowels of Japanese, ARPAbet and the IPA if none is given.

    Raises:
        MediaError: when video, sound or annotation cannot be read, or do not belong together.
        ConfigError: when the annotation has no such tier or label.
    """
    return tokens_in(tract, labels_of_video(video, textgrid, tier=tier, label=label))


def labels_of_video(
    video: str | Path | VideoScan, textgrid: str | Path, *, tier: str | None = None, label: Sequence[str] = ()
) -> Labels:
    """The labels that :func:`tokens_of_video` measures in: whether they fit is known before anything is measured.

    Args:
        video: a file, or its scan, which is not decoded again.
        textgrid: its annotation.
        tier: its tier; found by itself if not given, as the vowels are.
        label: labels that count; vowels of Japanese, ARPAbet and the IPA if none is given.

    Raises:
        MediaError: when video, sound or annotation cannot be read, or do not belong together.
        ConfigError: when the annotation has no such tier or label.
    """
    scan = video if isinstance(video, VideoScan) else scan_video(Path(video))
    lead, seconds = clock_of_video(scan)
    clock = LabelClock(scan.n_frames / float(scan.rate), lead, seconds)
    return labels_within(textgrid, scan.path.stem, clock, tier=tier, label=label)


def compare_tracts(
    first: Sequence[str | Path | Tract],
    second: Sequence[str | Path | Tract],
    *,
    textgrid: Sequence[str | Path] = (),
    tier: str | None = None,
    label: Sequence[str] = (),
    relative: bool = False,
    names: Sequence[str] = (),
    seed: int = 0,
) -> Comparison:
    """Compare the tracts of two speakers or conditions, section by section on the normalized tract, and label by label.

    Labels are those of ``textgrid``, or of the annotations next to the files (``talk.TextGrid`` next to
    ``talk_tract.npz``); their time 0 is the start of the recording's sound, as it lay when the tract was measured.
    Files of earlier versions do not know it: there it is the start of the first frame. Without any annotation,
    stretches of a second are the tokens, all of one label.

    Args:
        first: tracts of one side, or their files.
        second: of the other; differences are the second minus the first.
        textgrid: annotations, one per tract, those of ``first`` before those of ``second``.
        tier: their tier; found by itself if not given.
        label: labels that count; vowels of Japanese, ARPAbet and the IPA if none is given.
        relative: compare areas as multiples of each token's mean area: shapes, without sizes.
        names: of the two sides; by default those of the recordings.
        seed: of the bootstrap behind the intervals.

    Raises:
        DatasetError: when a file is no file of a tract.
        MediaError: when an annotation cannot be read.
        ConfigError: when sides, annotations or labels do not fit.
    """
    if not first or not second:
        raise ConfigError("a side without tracts cannot be compared.", "Give at least one file on both sides.")
    if names and len(names) != 2:
        raise ConfigError(f"`names`: {len(names)} given, and there are two sides.", "Give one for each side.")
    sources = [*first, *second]
    tracts = [one if isinstance(one, Tract) else read_tract(one) for one in sources]
    grids = _annotations(sources, textgrid)
    tokens = [
        stretches_of(one) if grid is None else tokens_of(one, grid, tier=tier, label=label)
        for one, grid in zip(tracts, grids, strict=True)
    ]
    parts = tokens[: len(first)], tokens[len(first) :]
    titles = list(names) or _titles(*parts)
    sides = [pooled(title, part) for title, part in zip(titles, parts, strict=True)]
    found = compare(sides[0], sides[1], relative=relative, bootstrap=Bootstrap(seed=seed))
    labels = () if any(grids) else (_NO_LABELS,)
    return replace(found, notes=(*labels, *found.notes, *_notes_on(tracts)))


def _notes_on(tracts: Sequence[Tract]) -> Iterator[str]:
    """What makes tracts differ that is no difference between speakers."""
    models = list(dict.fromkeys(one.area_model for one in tracts))
    if len(models) > 1:
        yield f"areas come from different models ({', '.join(models)}): they differ by that, too. Measure all with one."
    estimated = list(dict.fromkeys(one.name for one in tracts if one.pixel_source == "estimated"))
    if estimated:
        yield (
            f"the size of a pixel is estimated from a tract of average length ({', '.join(estimated)}): lengths "
            f"and distances hold within some {100 * EXPECTED_ERROR:.0f} %, areas within {200 * EXPECTED_ERROR:.0f} %. "
            "Run tract again with the size, or compare shapes: `relative=True`"
        )
    for one in tracts:
        if doubtful := int((one.confidence < CONFIDENT).sum()):
            yield f"{one.name}: confidence is low in {doubtful} of {len(one.confidence)} frames; they count too."


def _annotations(sources: Sequence[str | Path | Tract], textgrid: Sequence[str | Path]) -> list[Path | None]:
    """One per source, or None for each."""
    if textgrid:
        if len(textgrid) != len(sources):
            raise ConfigError(
                f"`textgrid`: {len(textgrid)} given, and there are {len(sources)} tracts.",
                "Give one for each, in the same order: those of the first side before those of the second.",
            )
        return [Path(one) for one in textgrid]
    found = [None if isinstance(one, Tract) else annotation_next_to(_stem(Path(one))) for one in sources]
    missing = [one for one, grid in zip(sources, found, strict=True) if grid is None]
    if missing and len(missing) < len(sources):
        which = missing[0].name if isinstance(missing[0], Tract) else missing[0]
        raise ConfigError(
            f"{which}: no annotation next to it, and others have one.", "Put it there, or name all of them: `textgrid`."
        )
    return found


def _stem(path: Path) -> Path:
    return path.with_name(path.stem.removesuffix(_SUFFIX))


def _titles(first: Sequence[TractTokens], second: Sequence[TractTokens]) -> list[str]:
    """Names of the sides that are not the same."""
    titles = [
        part[0].name if len(part) == 1 else f"{part[0].name} and {len(part) - 1} more" for part in (first, second)
    ]
    return (
        titles
        if titles[0] != titles[1]
        else [f"{title} ({letter})" for title, letter in zip(titles, "AB", strict=True)]
    )
