from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.contours import Contours
from rtmri2speech.simulation.head import SIZE, Head
from rtmri2speech.simulation.scanner import Scanner, ScannerConfig, spoiled_gradient_echo
from rtmri2speech.simulation.tissues import FAT, MUSCLE, TISSUES, Region

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "contours.npz")
NAMES = [str(name) for name in GOLDEN["names"]]
# Long after the beginning of the scan.
STEADY = ScannerConfig(dummies=5000)


def contours(*names: str) -> Contours:
    rows = [NAMES.index(name) for name in names]
    outlines = (GOLDEN[kind][rows].astype(np.float64) for kind in ("upper", "lower", "tongue", "epiglottis"))
    return Contours(*outlines, velum=np.full(len(rows), -0.1))


def still(name: str, frames: int) -> Contours:
    return contours(name).between(np.zeros(2 * frames + 1))


def moving(first: str, second: str, frames: int) -> Contours:
    return contours(first, second).between(np.linspace(0.0, 1.0, 2 * frames + 1))


@pytest.fixture(scope="module")
def head() -> Head:
    return Head(contours("@"), seed=3)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_shapes_and_progress(head: Head) -> None:
    seen: list[int] = []
    frames, labels = Scanner(head).scan(still("a", 3), rng(), seen.append)
    assert frames.shape == labels.shape == (3, SIZE, SIZE)
    assert frames.dtype == labels.dtype == np.uint8
    assert seen == [0, 1, 2]


def test_the_same_random_numbers_give_the_same_bytes(head: Head) -> None:
    course = moving("a", "i", 4)
    first, regions = Scanner(head).scan(course, rng(7))
    again, _ = Scanner(Head(contours("@"), seed=3)).scan(course, rng(7))
    other, others_regions = Scanner(head).scan(course, rng(8))
    assert (first == again).all()
    assert (first != other).any() and (regions == others_regions).all()


def test_chunks_leave_no_trace(head: Head) -> None:
    course = moving("a", "i", 20)
    frames, labels = Scanner(head, STEADY).scan(course, None)
    last = Contours(*(getattr(course, name)[36:] for name in ("upper", "lower", "tongue", "epiglottis", "velum")))
    tail, tail_labels = Scanner(head, STEADY).scan(last, None)
    assert (np.abs(frames[18:].astype(int) - tail) <= 1).all()
    assert (labels[18:] == tail_labels).all()


def test_nothing_flickers_that_does_not_move(head: Head) -> None:
    frames, labels = Scanner(head, STEADY).scan(still("e", 5), None)
    assert (frames == frames[0]).all() and (labels == labels[0]).all()


def test_first_frames_are_too_bright_and_then_steady(head: Head) -> None:
    frames, _ = Scanner(head).scan(still("@", 36), None)
    mean = frames.mean(axis=(1, 2))
    steady = Scanner(head, STEADY).scan(still("@", 1), None)[0].mean()
    assert mean[0] / steady == pytest.approx(1.7, abs=0.2)
    assert (np.diff(mean[:12]) < 0).all()
    assert mean[28:] == pytest.approx(steady, rel=0.02)  # a second later


def test_steady_signal_is_that_of_ernst(head: Head) -> None:
    config = ScannerConfig(te_ms=1e-6)
    steady, excess, decay = spoiled_gradient_echo(config)
    number = TISSUES.index(MUSCLE)
    # Pulse by pulse.
    magnetisation, angle = 1.0, np.deg2rad(config.flip_deg)
    signals = []
    for _ in range(3000):
        signals.append(MUSCLE.density * magnetisation * np.sin(angle))
        relaxed = np.exp(-config.tr_ms / MUSCLE.t1_ms)
        magnetisation = 1.0 - (1.0 - magnetisation * np.cos(angle)) * relaxed
    assert steady[number] == pytest.approx(signals[-1])
    assert steady[number] + excess[number] * decay[number] ** 50 == pytest.approx(signals[50])
    assert steady[TISSUES.index(FAT)] > 1.5 * steady[number]
    scanner = Scanner(head, config)
    pulses = config.frame_ms / config.tr_ms
    first = int(config.dummies)
    assert scanner.signal(0)[number] == pytest.approx(np.mean(signals[first : first + round(pulses)]), rel=0.02)


def test_noise_is_as_strong_as_configured(head: Head) -> None:
    config = ScannerConfig(dummies=5000, snr=12.0)
    scanner = Scanner(head, config)
    course = still("@", 24)
    noisy, labels = scanner.scan(course, rng())
    clean, _ = scanner.scan(course, None)
    tongue = clean[0][labels[0] == Region.TONGUE_BODY].astype(float)
    assert scanner.sigma == pytest.approx(tongue.mean() / config.snr, rel=0.02)
    inside = labels[0] == Region.TONGUE_BODY
    assert noisy[:, inside].astype(float).std(axis=0).mean() == pytest.approx(scanner.sigma, rel=0.05)
    # Far outside the head, the magnitude of pure noise is Rayleigh's.
    corner = noisy[:, 200:250, 5:25].astype(float)
    assert corner.mean() == pytest.approx(scanner.sigma * np.sqrt(np.pi / 2.0), rel=0.1)


def test_a_frame_is_the_mean_of_its_subframes(head: Head) -> None:
    config = ScannerConfig(dummies=5000, subframes=8, matrix=SIZE, apodisation=0.0)
    course = contours("a", "i").between(np.linspace(0.0, 0.4, 3))
    blurred = Scanner(head, config).scan(course, None)[0][0].astype(float)
    parts = []
    for instant in (np.arange(8) + 0.5) / 8 * 2.0:
        moment = course.between(np.full(3, instant))
        parts.append(Scanner(head, config).scan(moment, None)[0][0].astype(float))
    mean = np.mean(parts, axis=0)
    assert np.abs(blurred - mean).mean() < 0.5
    # And not one of them: the tongue moves by several pixels.
    assert np.abs(blurred - parts[3]).max() > 40.0
    assert np.abs(blurred - mean).max() < 0.5 * np.abs(blurred - parts[3]).max()


def test_labels_are_those_of_the_middle(head: Head) -> None:
    course = moving("a", "i", 3)
    _, labels = Scanner(head, STEADY).scan(course, None)
    prepared = head.prepare(course.between(np.array([1.0, 3.0, 5.0])))
    for frame in range(3):
        assert (labels[frame] == head.labels(prepared, frame)).all()


@pytest.mark.parametrize("matrix", [64, 140])
def test_k_space_ends_at_the_matrix(head: Head, matrix: int) -> None:
    config = ScannerConfig(dummies=5000, matrix=matrix)
    frame = Scanner(head, config).scan(still("@", 1), None)[0][0].astype(float)
    power = np.abs(np.fft.fft2(frame)) ** 2
    # Rounding and the magnitude, which folds negative ripples up, leave a little.
    place = np.abs(np.fft.fftfreq(SIZE, 1.0 / SIZE))
    outside = (place[:, None] > matrix / 2 + 2) | (place[None, :] > matrix / 2 + 2)
    assert power[outside].sum() < 2e-3 * power.sum()
    full = Scanner(head, ScannerConfig(dummies=5000, matrix=SIZE, apodisation=0.0)).scan(still("@", 1), None)[0][0]
    assert (np.abs(np.fft.fft2(full.astype(float)))[outside] ** 2).sum() > 5 * power[outside].sum()


def test_ghosts_change_from_frame_to_frame_and_average_out(head: Head) -> None:
    course = still("@", 4)
    ghosts = Scanner(head, ScannerConfig(dummies=5000, ghosting=0.1)).scan(course, None)[0].astype(float)
    clean = Scanner(head, STEADY).scan(course, None)[0].astype(float)
    assert np.abs(ghosts[0] - ghosts[1]).mean() > 0.3
    assert np.abs(ghosts[0] - clean[0]).max() > 5.0
    lit = clean[0] > 40.0
    assert np.abs(ghosts.mean(axis=0) - clean[0])[lit].mean() < np.abs(ghosts[0] - clean[0])[lit].mean() / 2


def test_grey_values_use_the_range(head: Head) -> None:
    frame = Scanner(head, STEADY).scan(still("a", 1), rng())[0][0]
    assert np.percentile(frame, 99.9) > 200
    assert (frame == 255).mean() < 0.01
    assert frame[200:250, 5:25].mean() < 15


def test_wrong_numbers_are_refused(head: Head) -> None:
    with pytest.raises(ValueError, match="2 T \\+ 1"):
        Scanner(head).scan(contours("a", "i"), rng())
    with pytest.raises(ConfigError):
        ScannerConfig.parse({"matrix": 300}, "scanner")
    with pytest.raises(ConfigError, match="matrix"):
        ScannerConfig.parse({"matrx": 100}, "scanner")


def test_bright_and_dark_tissue(head: Head) -> None:
    frames, labels = Scanner(head, STEADY).scan(still("@", 1), None)
    picture: NDArray[np.float64] = frames[0].astype(np.float64)
    mean = {region: picture[labels[0] == region].mean() for region in Region}
    assert mean[Region.AIRWAY] < 0.25 * mean[Region.TONGUE_BODY]
    assert mean[Region.LIPS] > mean[Region.TONGUE_BODY]
    assert mean[Region.VELUM] > 2 * mean[Region.AIRWAY]
