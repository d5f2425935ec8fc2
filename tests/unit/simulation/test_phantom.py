"""A whole phantom of two utterances: its files, its truth, and what becomes of it when it is stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from rtmri2speech.corpora.phantom import MANIFEST, PLAN, PhantomCorpus, is_phantom
from rtmri2speech.data.textgrid import read_textgrid
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.simulation import phantom
from rtmri2speech.simulation.anatomy import Anatomy, draw_speakers
from rtmri2speech.simulation.phantom import PhantomOptions, simulate
from rtmri2speech.simulation.tissues import Region
from rtmri2speech.simulation.truth import Truth
from rtmri2speech.simulation.utterance import FRAME_RATE, SUFFIXES

COMMAND = [*("simulate", "--minutes", "0.045", "--speakers", "1", "--utterance-seconds", "2"), "--workers", "2"]


@pytest.fixture(scope="module")
def truth(tiny_phantom: Path) -> Truth:
    return Truth.load(tiny_phantom / "m01" / "m01_0000.npz")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_utterance_has_its_files_and_they_agree(tiny_phantom: Path) -> None:
    rows = json.loads((tiny_phantom / MANIFEST).read_text(encoding="utf-8"))["utterances"]
    assert [row["split"] for row in rows] == ["train", "validation"]
    assert len(PhantomCorpus(tiny_phantom).recordings()) == 2 and is_phantom(tiny_phantom)
    for row in rows:
        stem = tiny_phantom / row["speaker"] / row["id"]
        assert all(stem.with_suffix(suffix).is_file() for suffix in SUFFIXES)
        with av.open(str(stem.with_suffix(".mp4"))) as container:
            frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
            assert container.streams.video[0].average_rate == FRAME_RATE
        assert len(frames) == row["frames"] and frames[0].shape == (256, 256)
        sound = soundfile.info(stem.with_suffix(".wav"))
        assert sound.samplerate == 20_000 and sound.frames == 736 * row["frames"]
        truth = Truth.load(stem.with_suffix(".npz"))
        for field in fields(Truth):
            if field.name not in ("frame_rate", "phones", "phone_times"):
                assert len(getattr(truth, field.name)) == row["frames"], field.name
        grid = read_textgrid(stem.with_suffix(".TextGrid"))
        spoken = [(entry.label, entry.start) for entry in grid.getTier("phones").entries]
        kept = [(str(p), t[0]) for p, t in zip(truth.phones, truth.phone_times, strict=True) if p]
        assert [label for label, _ in spoken] == [label for label, _ in kept]
        assert [time for _, time in spoken] == pytest.approx([time for _, time in kept], abs=1e-4)
        assert "".join(label for label, _ in spoken) == row["text"].replace("-", "").replace(" ", "")


def test_truth_is_physics(truth: Truth) -> None:
    times = (np.arange(len(truth.f0)) + 0.5) * 23 / 625
    voiced = truth.f0 > 0
    for label, (start, end) in zip(truth.phones, truth.phone_times, strict=True):
        if label in "aiueo" and label:
            middle = (times > start + 0.3 * (end - start)) & (times < end - 0.3 * (end - start))
            assert voiced[middle].all() and not truth.velum_open[middle].any()
            plain, full = truth.tube_formants[middle], truth.formants[middle, :2]
            assert np.abs(plain / full - 1).max() < 0.15
    assert (truth.areas > 0).all() and truth.lengths.sum(axis=1) == pytest.approx(16.5, abs=2.0)
    # Silence is articulated: lips closed, velum down, no voice.
    assert not voiced[:5].any() and truth.velum_open[:5].all()
    # The sections lie in the airway's column of pixels, from the glottis up to the lips on the left.
    place = truth.positions[len(times) // 2]
    assert place[0, 1] > place[-1, 1] + 40 and place[-1, 0] < place[0, 0] - 40


def test_pictures_regions_and_sections_belong_together(truth: Truth) -> None:
    for frame in (2, len(truth.f0) // 2):
        regions, sections = truth.regions[frame], truth.sections[frame]
        assert set(np.unique(regions)) == {int(region) for region in Region}
        airway = regions == Region.AIRWAY
        assert (sections[airway] > 0).all()
        assert len(set(np.unique(sections))) > 30
    total = truth.sensitivity_map(1)[5].sum()
    seen = np.isin(np.arange(1, 41), truth.sections[5])
    assert total == pytest.approx(truth.sensitivity[5, 0][seen].sum(), abs=1e-4)


def test_the_larynx_is_dark_below_and_bright_tissue_moves(tiny_phantom: Path, truth: Truth) -> None:
    with av.open(str(tiny_phantom / "m01" / "m01_0000.mp4")) as container:
        frames = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(float)
    steady = frames[15:]
    tongue = np.mean(
        [frame[regions == Region.TONGUE_BODY].mean() for frame, regions in zip(frames, truth.regions, strict=True)]
    )
    air = np.mean(
        [frame[regions == Region.AIRWAY].mean() for frame, regions in zip(frames, truth.regions, strict=True)]
    )
    assert tongue > 3 * air
    # The scan approaches its steady state: brighter at first, by a lot, then constant.
    assert frames[0].mean() > 1.3 * steady.mean() and np.ptp(steady.mean(axis=(1, 2))) < 0.1 * steady.mean()
    # Only what can move does: the brain stays, up to noise.
    assert np.abs(np.diff(steady[:, :60, 130:200], axis=0)).mean() < 12


def test_a_phantom_that_was_killed_goes_on_to_the_same_bytes(tiny_phantom: Path, tmp_path: Path) -> None:
    """By other workers, killed after the first utterance: not a byte differs from the one made in one go."""
    out = tmp_path / "again"
    command = [sys.executable, "-m", "rtmri2speech", *COMMAND, "--out", str(out)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while not list(out.glob("*/*.wav")):
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    child.kill()
    child.wait()
    assert not (out / MANIFEST).exists() and is_phantom(out)
    with pytest.raises(DatasetError, match="not a finished phantom"):
        PhantomCorpus(out).recordings()
    time.sleep(1.0)  # the workers see that their parent is gone
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert contents(out) == contents(tiny_phantom)


def run(folder: Path, speakers: int = 1, **options: Any) -> None:
    values = {"minutes": 0.045, "utterance_seconds": 2.0, **options}
    simulate(folder, draw_speakers(speakers, 0), PhantomOptions.parse(values, "simulate"), workers=1)


def test_nothing_is_done_twice_and_more_minutes_may_follow(
    tiny_phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "copy"
    for name, data in contents(tiny_phantom).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    asked: list[str] = []
    monkeypatch.setattr(phantom, "simulate_utterance", lambda job: asked.append(job.id))
    run(out)
    assert asked == [] and contents(out) == contents(tiny_phantom)
    run(out, minutes=0.08)
    assert asked == [f"m01_{number:04d}" for number in range(2, 2 + len(asked))] and asked
    assert len(json.loads((out / MANIFEST).read_text(encoding="utf-8"))["utterances"]) == 2 + len(asked)


@pytest.mark.parametrize(
    "options", [{"seed": 1}, {"utterance_seconds": 3.0}, {"scanner": {"matrix": 90}}, {"scanner_snr_db": 10.0}]
)
def test_another_phantom_in_the_same_folder_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    plan = {"minutes": 0.045, "utterance_seconds": 2.0}
    phantom._open_folder(tmp_path, draw_speakers(1, 0), PhantomOptions.parse(plan, "simulate"))
    before = contents(tmp_path)
    with pytest.raises(DatasetError, match="other options"):
        run(tmp_path, **options)
    assert contents(tmp_path) == before


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(DatasetError, match="holds other files"):
        run(tmp_path)
    with pytest.raises(DatasetError, match="is a file"):
        run(tmp_path / "mine.txt")
    with pytest.raises(UserError, match="cannot be written"):
        run(tmp_path / "mine.txt" / "below")
    assert contents(tmp_path) == {"mine.txt": b"keep"}
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / PLAN).write_text("{", encoding="utf-8")
    with pytest.raises(DatasetError, match="damaged"):
        run(damaged)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"minutes": 0}, "minutes"),
        ({"minutes": -3}, "minutes"),
        ({"minutes": float("nan")}, "minutes"),
        ({"utterance_seconds": 0.2}, "utterance_seconds"),
        ({"seed": -1}, "seed"),
        ({"scanner": {"matrix": 500}}, "matrix"),
    ],
)
def test_impossible_options_are_named(tmp_path: Path, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        run(tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


def test_an_impossible_anatomy_leaves_no_phantom(tmp_path: Path) -> None:
    giant = draw_speakers(1, 0)[0].model_copy(update={"anatomy": Anatomy(hard_palate_length=2.3, palate_depth=2.6)})
    with pytest.raises(UserError) as error:
        simulate(tmp_path, [giant], PhantomOptions(minutes=0.045, utterance_seconds=2.0), workers=1)
    assert "anatomy" in str(error.value).lower()
    assert not (tmp_path / MANIFEST).exists()


def test_a_failed_utterance_is_told_and_the_others_are_kept(
    tiny_phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "copy"
    for name, data in contents(tiny_phantom).items():
        if "m01_0001" not in name:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(data)

    def fail(job: Any) -> None:
        raise UserError(f"{job.file('.mp4')}: cannot be written (no space left).", "Free some space.")

    monkeypatch.setattr(phantom, "simulate_utterance", fail)
    summary = simulate(out, draw_speakers(1, 0), PhantomOptions(minutes=0.045, utterance_seconds=2.0), workers=1)
    assert [path.stem for path, _ in summary.failures] == ["m01_0001"] and summary.utterances == 1
    assert [item.id for item in PhantomCorpus(out).recordings()] == ["m01_0000"]
