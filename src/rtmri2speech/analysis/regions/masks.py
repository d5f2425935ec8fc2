"""Where an articulator is, frame by frame: from a template, polygons, the phantom's truth, or traced contours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.regions.polygons import fill_polygon, read_polygons, template_masks
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.head.tissues import Region

Mask = NDArray[np.bool_]

TEMPLATE = "template"
"""What stands for shapes that suit most heads roughly."""

_PARTS_OF_TONGUE = (Region.TONGUE_TIP, Region.TONGUE_BODY, Region.TONGUE_ROOT)
# Radii about the traced points, as shares of the picture: lips and larynx, velum.
_AROUND, _AROUND_VELUM = 0.06, 0.05
# The tongue's outline from its tip to its root in three parts of the length: tip, body, root.
_TIP, _BODY = 0.25, 0.7


@dataclass(frozen=True)
class Regions:
    """Named masks.

    Attributes:
        names: of the regions; they may overlap, as the tongue and its tip do.
        at: frame number to masks, (R, S, S).
        moving: whether they change from frame to frame.
    """

    names: tuple[str, ...]
    at: Callable[[int], Mask]
    moving: bool = False

    def only(self, wanted: Sequence[str]) -> Regions:
        """Some of them.

        Raises:
            ConfigError: when one is not there (names those that are).
        """
        unknown = next((name for name in wanted if name not in self.names), None)
        if unknown is not None:
            raise ConfigError(f"There is no region '{unknown}'.", f"Choose from {', '.join(self.names)}.")
        chosen = [self.names.index(name) for name in dict.fromkeys(wanted)]
        return Regions(tuple(self.names[i] for i in chosen), lambda frame: self.at(frame)[chosen], self.moving)


@dataclass(frozen=True)
class Source:
    """The video that regions are for.

    Attributes:
        frames: for each of T frames the number of the source's frame nearest in time.
        width, height: of the source, pixels.
        size: S, of the model's pictures.
    """

    frames: Sequence[int]
    width: int
    height: int
    size: int


def source_of(clip: Clip) -> Source:
    """A clip as regions are laid on it."""
    nearest = clip.skipped + clip.retiming.first + clip.retiming.weights.argmax(axis=1)
    return Source(nearest.tolist(), clip.scan.width, clip.scan.height, clip.frames.size)


def read_regions(name: str, source: Source) -> Regions:
    """Regions of a clip.

    Args:
        name: ``template``, or a file: ``.json`` with polygons, ``.npz`` with the phantom's truth, ``.mat`` with
            air-tissue boundaries of USC-TIMIT.
        source: the clip.

    Raises:
        ConfigError: when the file is of no kind that is known, or does not fit the clip.
        DatasetError: when a phantom's truth cannot be read.
    """
    if name == TEMPLATE:
        return _fixed(template_masks(source.size))
    path = Path(name)
    readers = {".json": _of_polygons, ".npz": of_truth, ".mat": of_contours}
    if path.suffix.lower() not in readers:
        raise ConfigError(
            f"--regions {name}: neither 'template' nor a .json, .npz or .mat file.",
            "Give polygons (.json), a phantom's truth (.npz), or traced contours (.mat).",
        )
    return readers[path.suffix.lower()](path, source)


def _fixed(masks: dict[str, Mask]) -> Regions:
    stack = np.stack(list(masks.values()))
    return Regions(tuple(masks), lambda frame: stack)


def _of_polygons(path: Path, source: Source) -> Regions:
    return _fixed(read_polygons(path, source.size))


def of_truth(path: Path, source: Source) -> Regions:
    """The phantom's own labels, and the tongue as a whole.

    Raises:
        DatasetError: when the file cannot be read.
        ConfigError: when it belongs to another clip.
    """
    labels = read_truth(path, source).regions
    single = [region for region in Region if region != Region.OTHER]
    names = (*(region.name.lower() for region in single), "tongue")

    def at(frame: int) -> Mask:
        shown = labels[min(frame, len(labels) - 1)]
        return np.stack([*(shown == region for region in single), np.isin(shown, _PARTS_OF_TONGUE)])

    return Regions(names, at, moving=True)


def read_truth(path: Path, source: Source) -> Truth:
    """The truth of a simulated clip.

    Raises:
        DatasetError: when the file cannot be read.
        ConfigError: when it belongs to another clip.
    """
    truth = Truth.load(path)
    labels = truth.regions
    if abs(len(labels) - len(source.frames)) > 1:
        raise ConfigError(
            f"{path}: {len(labels)} frames of truth for {len(source.frames)} frames of video.",
            "Give the .npz file beside the video.",
        )
    if labels.shape[1:] != (source.size, source.size):
        raise ConfigError(
            f"{path}: labels of {labels.shape[2]} x {labels.shape[1]} pixels for pictures of {source.size}.",
            "Use a model for pictures of the phantom's size.",
        )
    return truth


def of_contours(path: Path, source: Source) -> Regions:
    """Regions made of USC-TIMIT's air-tissue boundaries, which are traced in pixels of the source, frame by frame.

    Lips, velum and larynx are discs about the marked points (upper and lower lip, velum, glottis). The tongue, with the
    epiglottis where that is traced, is what the lower boundary encloses from its point next to the mark AVR, the floor
    of the mouth, to its point next to the glottis. The first quarter of that line belongs to the tip, the last three
    tenths to the root, as wedges about the tongue's middle.

    Raises:
        ConfigError: when the file is missing, of another form, or has another number of frames than the video.
    """
    frames = _read_contours(path)
    needed = max(source.frames) + 1
    if abs(len(frames) - needed) > 1:
        raise ConfigError(
            f"{path}: contours of {len(frames)} frames for a video of {needed}.",
            "Give the .mat file that was traced on this video.",
        )
    scale = np.array([source.size / source.width, source.size / source.height])
    # Traced with 1 for the middle of the first pixel.
    moved = [{name: (points - 0.5) * scale for name, points in frame.items()} for frame in frames]
    names = ("lips", "tongue", "tongue_tip", "tongue_body", "tongue_root", "velum", "larynx")

    def at(frame: int) -> Mask:
        return _traced(moved[min(source.frames[frame], len(moved) - 1)], source.size)

    return Regions(names, at, moving=True)


def _traced(points: dict[str, NDArray[np.float64]], size: int) -> Mask:
    lower = points["contour2"]
    floor = int(np.argmin(np.hypot(*(lower - points["AVR"]).T)))
    # Beyond the glottis the boundary is that of the trachea.
    end = floor + int(np.argmin(np.hypot(*(lower[floor:] - points["GLTB"]).T)))
    outline = lower[floor : end + 1]
    tongue = fill_polygon(outline, size) if len(outline) >= 3 else np.zeros((size, size), np.bool_)
    parts = np.zeros((3, size, size), np.bool_)
    if tongue.any():
        steps = np.hypot(*np.diff(outline, axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-9)
        rows, columns = np.nonzero(tongue)
        middle = np.array([columns.mean(), rows.mean()]) + 0.5
        # Angles about the middle, from the outline's begin in the direction it runs in.
        x, y = (outline - middle).T
        onwards = np.sign(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
        begin = np.arctan2(y[0], x[0])

        def turned(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray((np.arctan2(y, x) - begin) * onwards % (2.0 * np.pi))

        cuts = turned(*(np.interp([_TIP, _BODY, 1.0], along, side) for side in (x, y)))
        angle = turned(columns + 0.5 - middle[0], rows + 0.5 - middle[1])
        place = np.searchsorted(np.maximum.accumulate(cuts[:2]), angle, side="right")
        # Below, where nothing is traced, tip and root meet half-way.
        place[angle > (cuts[2] + 2.0 * np.pi) / 2.0] = 0
        parts[place, rows, columns] = True
    lips = _disc(points["UL"], _AROUND, size) | _disc(points["LL"], _AROUND, size)
    others = _disc(points["VEL"], _AROUND_VELUM, size), _disc(points["GLTB"], _AROUND, size)
    return np.stack([lips, tongue, *parts, *others])


def _disc(point: NDArray[np.float64], radius: float, size: int) -> Mask:
    y, x = np.indices((size, size)) + 0.5
    return np.asarray(np.hypot(x - point[0, 0], y - point[0, 1]) <= radius * size)


def _read_contours(path: Path) -> list[dict[str, NDArray[np.float64]]]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if not path.is_file():
        raise ConfigError(f"{path}: no such file of contours.", "Check the spelling of the path.")
    wanted = ("contour2", "UL", "LL", "AVR", "VEL", "GLTB")
    try:
        rows: Any = loadmat(str(path))["annotation"]
        frames = [{name: np.asarray(row[name], np.float64).reshape(-1, 2) for name in wanted} for row in rows.ravel()]
        if not frames or not all(
            len(points) and np.isfinite(points).all() for one in frames for points in one.values()
        ):
            raise ValueError("points are missing")
    except (MatReadError, OSError, ValueError, KeyError, IndexError, TypeError, NotImplementedError) as error:
        raise ConfigError(
            f"{path}: not contours of USC-TIMIT ({error}).", f"Its table 'annotation' needs {', '.join(wanted)}."
        ) from None
    return frames


def origin_of_regions(name: str, regions: Regions) -> dict[str, Any]:
    """What ``--regions`` was, the hash of the file (None for the template), and which regions were used.

    Its ``regions_of`` is what :func:`read_regions` takes.
    """
    return {
        "regions_of": name,
        "regions_sha256": None if name == TEMPLATE else hash_files([Path(name)]),
        "regions_moving": regions.moving,
        "regions": [{"name": one} for one in regions.names],
    }
