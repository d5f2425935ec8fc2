"""A whole phantom of two utterances: its files, its truth, and what becomes of it when it is stopped."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import fields, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

import processes
from rtmri2speech.cli.main import main
from rtmri2speech.corpora.phantom import MANIFEST, PLAN, SUFFIXES, PhantomCorpus, is_phantom
from rtmri2speech.data.labels import Label
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.simulation import phantom, plan, utterance
from rtmri2speech.simulation.options import FRAME_RATE
from rtmri2speech.simulation.phantom import PhantomOptions, simulate
from rtmri2speech.simulation.speaker.anatomy import Anatomy, Speaker, Stream, draw_speakers
from rtmri2speech.simulation.speaker.speaker_file import read_speaker_file, speakers_of
from rtmri2speech.simulation.speaker.vocaltractlab import is_speaker_file
from rtmri2speech.simulation.speaker.voice import Voice
from rtmri2speech.simulation.speech.reading import read_lines
from rtmri2speech.simulation.utterance import Job, speaker_file, voice_file
from trainings import command

COMMAND = ["simulate", "--minutes", "0.045", "--speakers", "1", "--utterance-seconds", "2"]


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
            if field.name not in ("frame_rate", "phones", "phone_times", "region_names"):
                assert len(getattr(truth, field.name)) == row["frames"], field.name
        grid = read_textgrid(stem.with_suffix(".TextGrid"))
        spoken = [(entry.label, entry.start) for entry in grid.tier("phones").entries]
        kept = [(str(p), t[0]) for p, t in zip(truth.phones, truth.phone_times, strict=True) if p]
        assert [label for label, _ in spoken] == [label for label, _ in kept]
        assert [time for _, time in spoken] == pytest.approx([time for _, time in kept], abs=1e-4)
        assert "".join(label for label, _ in spoken) == row["text"].replace("-", "").replace(" ", "")


def test_truth_is_physics(truth: Truth) -> None:
    times = (np.arange(len(truth.f0)) + 0.5) / float(FRAME_RATE)
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
        assert set(np.unique(regions)) == {int(region) for region in Label}
        airway = regions == Label.AIRWAY
        assert (sections[airway] > 0).all()
        assert len(set(np.unique(sections))) > 30
    total = truth.sensitivity_map(1)[5].sum()
    seen = np.isin(np.arange(1, 41), truth.sections[5])
    assert total == pytest.approx(truth.sensitivity[5, 0][seen].sum(), abs=1e-4)


def test_the_airway_is_dark_and_the_first_frames_are_bright(tiny_phantom: Path, truth: Truth) -> None:
    with av.open(str(tiny_phantom / "m01" / "m01_0000.mp4")) as container:
        frames = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(float)
    steady = frames[15:]
    bright = np.mean(
        [frame[regions == Label.TONGUE_BODY].mean() for frame, regions in zip(frames, truth.regions, strict=True)]
    )
    air = np.mean([frame[regions == Label.AIRWAY].mean() for frame, regions in zip(frames, truth.regions, strict=True)])
    assert bright > 3 * air
    # The scan approaches its steady state: brighter at first, by a lot, then constant.
    assert frames[0].mean() > 1.3 * steady.mean() and np.ptp(steady.mean(axis=(1, 2))) < 0.1 * steady.mean()
    # Only what can move does: the brain stays, up to noise, and where tongue and airway take turns it does not.
    brain = steady[:, :60, 130:200].std(axis=0).mean()
    tongue = truth.regions[15:] == Label.TONGUE_BODY
    turns = tongue.any(axis=0) & ~tongue.all(axis=0)
    assert brain < 8 and steady.std(axis=0)[turns].mean() > 3 * brain


@pytest.mark.process
@pytest.mark.slow
def test_a_phantom_that_was_killed_goes_on_to_the_same_bytes(tiny_phantom: Path, tmp_path: Path) -> None:
    """By other workers, killed after the first utterance: not a byte differs from the one made in one go."""
    out = tmp_path / "again"
    shutil.copytree(tiny_phantom / "speakers", out / "speakers")  # from where on it is utterances that are made
    shutil.copy(tiny_phantom / PLAN, out)
    words = [*COMMAND, "--out", str(out), "--workers"]
    child = processes.start(command, *words, "1", log=tmp_path / "log.txt")
    deadline = time.monotonic() + processes.SECONDS
    while not list(out.glob("*/*.wav")):
        assert child.exitcode is None and time.monotonic() < deadline, (tmp_path / "log.txt").read_text("utf-8")
        time.sleep(0.05)
    child.kill()
    child.join()
    assert not (out / MANIFEST).exists() and is_phantom(out)
    with pytest.raises(DatasetError, match="not a finished phantom"):
        PhantomCorpus(out).recordings()
    assert main([*words, "2"]) == 0
    assert contents(out) == contents(tiny_phantom)


MAN = draw_speakers(1, 0)[0]
# With the anatomy whose vowels come with the program, so that there is nothing to fit.
TWIN = Speaker(name="twin", f0=140.0)
GIANT = Speaker(name="twin", f0=140.0, anatomy=Anatomy(hard_palate_length=2.3, palate_depth=2.6))


def make_speaker(folder: Path, speaker: Speaker) -> Path:
    """Write the file of its anatomy, in a process of its own."""
    list(run_jobs(partial(phantom._write_speaker, folder), [speaker], 1, fresh=True))
    return folder


def run(folder: Path, *speakers: Speaker, **options: Any) -> None:
    values = {"minutes": 0.045, "utterance_seconds": 2.0, **options}
    simulate(folder, speakers or (MAN,), PhantomOptions.parse(values, "simulate"), workers=1)


def copied(phantom: Path, folder: Path) -> Path:
    return Path(shutil.copytree(phantom, folder / "copy"))


def listed(folder: Path) -> list[str]:
    return [row["id"] for row in json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["utterances"]]


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Utterances that have been asked for; instead of simulating them, empty files are made."""
    asked: list[str] = []

    def pretend(job: Job) -> None:
        asked.append(job.id)
        for suffix in SUFFIXES:
            job.file(suffix).parent.mkdir(exist_ok=True)
            job.file(suffix).touch()

    monkeypatch.setattr(phantom, "simulate_utterance", pretend)
    return asked


@pytest.fixture(scope="module")
def twins_voice(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    return phantom._fit_voice(make_speaker(tmp_path_factory.mktemp("twin"), TWIN), TWIN)


@pytest.fixture
def known_voices(tiny_phantom: Path, twins_voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Voices that were made before, which takes seconds; the giant cannot speak."""
    mans_voice = Voice.from_json(voice_file(tiny_phantom, MAN.name).read_text(encoding="utf-8"))

    def voice_of(speaker: Speaker, path: Path) -> Voice:
        assert is_speaker_file(path)
        if speaker == GIANT:
            raise ConfigError("Speaker twin: this anatomy cannot say /a/.", "Bring the anatomy nearer to the default.")
        return {MAN: mans_voice, TWIN: twins_voice}[speaker]

    monkeypatch.setattr(phantom, "make_voice", voice_of)


def test_nothing_is_done_twice_and_more_minutes_may_follow(
    tiny_phantom: Path, tmp_path: Path, pretended: list[str]
) -> None:
    out = copied(tiny_phantom, tmp_path)
    run(out)
    assert pretended == [] and contents(out) == contents(tiny_phantom)
    run(out, minutes=0.08)
    assert pretended == [f"m01_{number:04d}" for number in range(2, 2 + len(pretended))] and pretended
    assert len(listed(out)) == 2 + len(pretended)


def test_shares_joined_are_the_phantom_made_in_one_go(tiny_phantom: Path, tmp_path: Path, pretended: list[str]) -> None:
    out = copied(tiny_phantom, tmp_path)
    (out / MANIFEST).unlink()
    for file in (out / "m01").iterdir():
        file.unlink()
    options = PhantomOptions.parse({"minutes": 0.045, "utterance_seconds": 2.0}, "simulate")
    other = out / "m01" / ".m01_0000.wav.1-abcdef01.tmp"
    other.touch()
    second = simulate(out, [MAN], options, workers=1, shard="2/2")
    assert pretended == ["m01_0001"] and second.made == second.utterances == 1 and other.is_file()
    assert "share 2/2" in str(second) and not (out / MANIFEST).exists()
    simulate(out, [MAN], options, workers=1, shard="1/2")
    assert pretended == ["m01_0001", "m01_0000"]
    run(out)
    assert len(pretended) == 2 and listed(out) == ["m01_0000", "m01_0001"]
    assert (out / MANIFEST).read_bytes() == (tiny_phantom / MANIFEST).read_bytes()


def test_what_was_made_before_files_named_their_kind_is_taken_up(
    tiny_phantom: Path, tmp_path: Path, pretended: list[str]
) -> None:
    out = copied(tiny_phantom, tmp_path)
    for path in (out / PLAN, out / MANIFEST, voice_file(out, MAN.name)):
        values = json.loads(path.read_text(encoding="utf-8"))
        assert values["schema"] == 1 and values["kind"] in ("phantom", "phantom_plan", "simulated_voice")
        older = {name: value for name, value in values.items() if name not in ("kind", "schema", "program")}
        path.write_text(json.dumps(older), encoding="utf-8")
    assert len(PhantomCorpus(out).recordings()) == 2
    run(out)
    assert pretended == [] and listed(out) == ["m01_0000", "m01_0001"]


def test_plain_values_are_options_and_the_summary_says_what_was_made(
    tiny_phantom: Path, tmp_path: Path, pretended: list[str]
) -> None:
    out = copied(tiny_phantom, tmp_path)
    summary = simulate(str(out), 1, minutes=0.045, utterance_seconds=2.0, workers=1)
    assert pretended == [] and contents(out) == contents(tiny_phantom)
    assert summary.root == out and summary.utterances == 2 and summary.made == 0
    assert repr(summary).splitlines()[0] == str(summary) == f"{out}: 2 utterances, 0.1 min; 0 made now."
    assert "m01: tract 16.9 cm" in repr(summary)


@pytest.mark.usefixtures("known_voices")
def test_what_is_done_stays_listed_whatever_the_share(tiny_phantom: Path, tmp_path: Path, pretended: list[str]) -> None:
    out = copied(tiny_phantom, tmp_path)
    # Half of so little is one utterance.
    run(out, MAN, TWIN, minutes=0.06)
    assert pretended == ["twin_0000"]
    both = ["m01_0000", "m01_0001", "twin_0000"]
    assert listed(out) == both
    run(out, MAN, minutes=0.01)
    assert listed(out) == both and len(pretended) == 1


@pytest.mark.usefixtures("known_voices")
def test_a_speaker_that_cannot_speak_leaves_the_phantom_as_it_was_and_may_be_corrected(
    tiny_phantom: Path, tmp_path: Path, pretended: list[str]
) -> None:
    out = copied(tiny_phantom, tmp_path)
    with pytest.raises(ConfigError, match="twin"):
        run(out, MAN, GIANT)
    assert {name: (out / name).read_bytes() for name in contents(tiny_phantom)} == contents(tiny_phantom)
    run(out, MAN, TWIN)
    assert "twin_0000" in listed(out)
    # And in a new folder, where nothing holds to the other options either.
    new = tmp_path / "new"
    with pytest.raises(ConfigError, match="twin"):
        run(new, GIANT)
    assert not (new / MANIFEST).exists()
    run(new, TWIN, seed=7)
    assert listed(new)
    with pytest.raises(DatasetError, match="other options or speakers"):
        run(new, GIANT, seed=7)


def test_a_phantom_of_another_version_is_not_mixed(
    tiny_phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = copied(tiny_phantom, tmp_path)
    monkeypatch.setattr(plan, "VOICE_VERSION", plan.VOICE_VERSION + 1)
    with pytest.raises(DatasetError, match="another version"):
        run(out)
    assert contents(out) == contents(tiny_phantom)


@pytest.mark.parametrize("what", [speaker_file, voice_file])
@pytest.mark.parametrize("keep", [0, 3000])
def test_damaged_files_of_a_speaker_are_made_anew(
    tiny_phantom: Path, tmp_path: Path, what: Any, keep: int, request: pytest.FixtureRequest
) -> None:
    if keep == 0:  # fitted once is enough to see that it gives the same
        request.getfixturevalue("known_voices")
    out = copied(tiny_phantom, tmp_path)
    path = what(out, MAN.name)
    path.write_bytes(path.read_bytes()[:keep])
    run(out)
    assert contents(out) == contents(tiny_phantom)


def test_a_folder_made_anew_is_not_taken_for_the_old_one(tiny_phantom: Path, tmp_path: Path) -> None:
    """By a process that has simulated there before."""
    out = copied(tiny_phantom, tmp_path)
    path, file = speaker_file(out, MAN.name), voice_file(out, MAN.name)
    text = file.read_text(encoding="utf-8")
    first, again = utterance.speaker_of(path, text), utterance.speaker_of(path, text)
    assert first is again
    other = text.replace(f'"seed": {MAN.seed}', f'"seed": {MAN.seed + 1}')
    assert utterance.speaker_of(path, other)[0].speaker.seed == MAN.seed + 1


def test_no_two_purposes_draw_the_same_random_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    real = np.random.default_rng

    def noting(seed: tuple[int, ...]) -> np.random.Generator:
        seen.append(tuple(np.random.SeedSequence(seed).generate_state(4)))
        return real(seed)

    monkeypatch.setattr(np.random, "default_rng", noting)
    for seed in (0, 1):
        draw_speakers(4, seed)
        options = PhantomOptions(minutes=1.0, utterance_seconds=2.0, seed=seed)
        for index in range(4):
            for number in range(4):
                job = Job(tmp_path, "m01", number, index, options)
                for stream in (Stream.SCRIPT, Stream.MOVEMENTS, Stream.SOUND, Stream.FRAMES):
                    job.rng(stream)
    assert len(set(seen)) == len(seen) == 2 * (4 + 4 * 4 * 4)


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 1},
        {"utterance_seconds": 3.0},
        {"scanner": {"matrix": 90}},
        {"scanner_snr_db": 10.0},
        {"frame_rate": "50"},
        {"pixel_mm": 2.0},
        {"look": {}},
        {"text": [[[["a"]]]]},
    ],
)
def test_another_phantom_in_the_same_folder_is_refused(
    tiny_phantom: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    (tmp_path / PLAN).write_bytes((tiny_phantom / PLAN).read_bytes())
    before = contents(tmp_path)
    with pytest.raises(DatasetError, match="other options"):
        run(tmp_path, **options)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("options", [{"frame_rate": "50"}, {"field_of_view_mm": 200.0}, {"look": {}}])
def test_an_ordinary_phantom_does_not_go_on_where_another_was(tmp_path: Path, options: dict[str, Any]) -> None:
    values = {"minutes": 0.045, "utterance_seconds": 2.0, **options}
    phantom._write_plan(tmp_path, [MAN], PhantomOptions.parse(values, "simulate"))
    before = contents(tmp_path)
    with pytest.raises(DatasetError, match="other options"):
        run(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.process
def test_a_speaker_of_a_file_goes_on_without_it_until_the_copy_is_gone(
    tiny_phantom: Path, tmp_path: Path, pretended: list[str]
) -> None:
    out, given = copied(tiny_phantom, tmp_path), tmp_path / "m01.speaker"
    shutil.copy(speaker_file(out, MAN.name), given)
    file = read_speaker_file(given)
    (speaker,) = speakers_of([file], 0)
    options = PhantomOptions(minutes=0.045, utterance_seconds=2.0)
    # As if it had been made of the file.
    phantom._write_plan(out, [speaker], options)
    speaker_file(out, MAN.name).write_text(file.text, encoding="utf-8")
    voice = Voice.from_json(voice_file(out, MAN.name).read_text(encoding="utf-8"))
    voice_file(out, MAN.name).write_text(replace(voice, speaker=speaker).to_json(), encoding="utf-8")
    assert simulate(out, [speaker], options, workers=1).made == 0
    speaker_file(out, MAN.name).unlink()
    with pytest.raises(ConfigError, match=r"m01\.speaker: missing or damaged") as raised:
        simulate(out, [speaker], options, workers=1)
    assert "`speaker_file`" in raised.value.remedy
    assert simulate(out, None, options, speaker_file=[given], workers=1).made == 0
    assert speaker_file(out, MAN.name).read_text(encoding="utf-8") == file.text and pretended == []


@pytest.mark.slow
def test_every_line_of_a_text_is_said_once(tiny_phantom: Path, tmp_path: Path) -> None:
    """By a speaker whose voice is known already, in frames of another scanner."""
    out, text = tmp_path / "said", tmp_path / "text.txt"
    text.write_text("# one line\nかあ、い\n", encoding="utf-8")
    values: dict[str, Any] = {"fps": 10, "pixel_mm": 4.0, "text": text, "minutes": 9.0, "workers": 1}
    shutil.copytree(tiny_phantom / "speakers", out / "speakers")
    options = PhantomOptions(minutes=9.0, frame_rate=Fraction(10), pixel_mm=4.0, text=tuple(read_lines(text)))
    phantom._write_plan(out, [MAN], options)
    summary = simulate(out, 1, **values)
    assert (summary.utterances, summary.made, summary.failures) == (1, 1, [])
    (row,) = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["utterances"]
    assert (row["id"], row["text"], row["split"]) == ("m01_0000", "ka: i", "train")
    stem = out / "m01" / "m01_0000"
    spoken = read_textgrid(stem.with_suffix(".TextGrid")).tier("phones").entries
    assert [entry.label for entry in spoken] == ["k", "a:", "i"]
    truth = Truth.load(stem.with_suffix(".npz"))
    assert truth.frame_rate.tolist() == [10, 1] and truth.regions.shape == (row["frames"], 64, 64)
    assert soundfile.info(stem.with_suffix(".wav")).frames == 2000 * row["frames"]
    assert simulate(out, 1, **values).made == 0
    text.write_text("かあ、う\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="other options"):
        simulate(out, 1, **values)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(DatasetError, match="holds other files"):
        run(tmp_path)
    with pytest.raises(DatasetError, match="is a file"):
        run(tmp_path / "mine.txt")
    with pytest.raises(UserError, match="cannot be written"):
        run(tmp_path / "mine.txt" / "below")
    assert contents(tmp_path) == {"mine.txt": b"keep"}


@pytest.mark.parametrize("text", ["{", "[]", "3", "{}", '{"speakers": 3}', '{"speakers": ["a"]}', "null"])
def test_a_damaged_plan_is_named(tiny_phantom: Path, tmp_path: Path, text: str) -> None:
    plan = json.loads((tiny_phantom / PLAN).read_text(encoding="utf-8"))
    values = json.loads(text) if text != "{" else None
    whole = json.dumps({**plan, **values}) if isinstance(values, dict) and values else text
    (tmp_path / PLAN).write_text(whole, encoding="utf-8")
    with pytest.raises(DatasetError, match=r"\.plan\.json: damaged"):
        run(tmp_path)


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


def test_a_failed_utterance_is_told_and_the_others_are_kept(
    tiny_phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = copied(tiny_phantom, tmp_path)
    for path in out.glob("*/m01_0001.*"):
        path.unlink()

    def fail(job: Any) -> None:
        raise UserError(f"{job.file('.mp4')}: cannot be written (no space left).", "Free some space.")

    monkeypatch.setattr(phantom, "simulate_utterance", fail)
    summary = simulate(out, [MAN], PhantomOptions(minutes=0.045, utterance_seconds=2.0), workers=1)
    assert [path.stem for path, _ in summary.failures] == ["m01_0001"] and summary.utterances == 1
    assert [item.id for item in PhantomCorpus(out).recordings()] == ["m01_0000"]
