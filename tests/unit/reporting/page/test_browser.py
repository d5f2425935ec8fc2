"""The page in a real browser: what it draws, plays, keeps to itself, and takes for text."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_tracts import made_tract
from made_widenings import made_widening
from page_folder import HOSTILE, Made, make_folder, write_maps
from rtmri2speech.analysis.regions.masks import source_of
from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.reporting.page.build import write_page
from rtmri2speech.reporting.page.collect import Named, collect
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.vocal_tract.contours import CONTOURS

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
EVIL = HOSTILE + "</script><script>alert(2)</script>"
HARD = "--no-sandbox", "--autoplay-policy=user-gesture-required", "--mute-audio"
# Notes what sounds are started: their samples a second, length, and from where on.
SPY = """
window.started = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, from, length) {
  window.started.push({ rate: this.buffer.sampleRate, seconds: this.buffer.duration, from,
    loudest: this.buffer.getChannelData(0).reduce((most, value) => Math.max(most, Math.abs(value)), 0) });
  return start.call(this, when, from, length);
};
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    named = os.environ.get("CHROMIUM")
    program = named or next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium or Chrome on this system (apt install chromium, or CHROMIUM=/path/to/it)")
    with playwright.sync_playwright() as running:
        yield running.chromium.launch(executable_path=program, args=list(HARD))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A folder whose every text is markup."""
    folder = make_folder(tmp_path_factory.mktemp("page"), "cl&ip", EVIL)
    write_maps(folder.folder / "more", folder.video, folder.frames, method="hirescam", target="centroid")
    return folder


@pytest.fixture(scope="module")
def page_file(made: Made) -> Path:
    """Its page."""
    out = made.folder.parent / "pa#ge 語.html"
    named = Named(regions=[str(made.video.with_suffix(".json"))])
    write_page(collect(made.folder, named), out, "Title" + HOSTILE)
    return out


class Opened:
    """A page, and what went wrong in it or was asked for."""

    def __init__(self, page: Any) -> None:
        self.page, self.requests, self.errors = page, [], []
        page.on("request", lambda one: self.requests.append(one.url))
        page.on("console", lambda one: self.errors.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: self.errors.append(str(one)))
        page.on("dialog", lambda one: (self.errors.append("dialog " + one.message), one.dismiss()))

    def open(self, path: Path) -> None:
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]", timeout=15_000)
        self.page.evaluate("rtmri.loaded()")

    def settle(self) -> None:
        """Wait until what was asked for is drawn: the page draws when the browser next does, however busy that is."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def frame(self) -> int:
        return int(self.page.get_attribute("#timeline", "aria-valuenow"))

    def pixels(self, canvas: str = "#frame") -> list[int]:
        """Mean red, green and blue of the left and of the right half."""
        return self.page.evaluate(
            """(name) => {
              const canvas = document.querySelector(name), half = Math.floor(canvas.width / 2), found = [];
              for (const x of [0, half]) {
                const { data } = canvas.getContext("2d").getImageData(x, 0, half, canvas.height);
                const sums = [0, 0, 0];
                for (let i = 0; i < data.length; i += 4) for (const part of [0, 1, 2]) sums[part] += data[i + part];
                found.push(...sums.map((sum) => (4 * sum) / data.length));
              }
              return found;
            }""",
            canvas,
        )

    def show(self, frame: int) -> list[int]:
        self.page.evaluate("(frame) => rtmri.show(frame)", frame)
        return self.pixels()

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f'input[name="{name}"][value="{value}"]').check(force=True)
        self.settle()


@pytest.fixture
def opened(browser: Any, page_file: Path) -> Iterator[Opened]:
    """The page, opened; at the end it must have asked for nothing and complained of nothing."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    context.add_init_script(SPY)
    one = Opened(context.new_page())
    one.open(page_file)
    yield one
    context.close()
    assert [url for url in one.requests if url != page_file.as_uri() and not url.startswith("blob:")] == []
    assert one.errors == []


def test_the_picture_changes_with_frame_and_map(opened: Opened, made: Made) -> None:
    opened.choose("band", "")
    first, later = opened.show(2), opened.show(made.frames - 3)
    assert first != later
    assert max(abs(red - blue) for red, blue in zip(later[0::3], later[2::3], strict=True)) < 3, "grey without a map"
    opened.choose("band", "0")
    opened.choose("display", "positive")
    left, right = halves(opened.show(made.frames - 1))
    assert left[0] > left[2] + 20, "the first band's map is warm on the left"
    opened.choose("band", "1")
    left, right = halves(opened.show(made.frames - 1))
    assert right[0] > right[2] + 20 and abs(left[0] - left[2]) < 12, "the second band's on the right"
    opened.choose("display", "signed")
    left, right = halves(opened.show(made.frames - 1))
    assert left[2] > left[0] + 20 and right[0] > right[2] + 20, "with its sign, the left is blue"
    faint = opened.show(0)
    opened.page.locator("#gain").fill("3")
    assert opened.show(0)[2] > faint[2] + 10, "gain makes weak maps strong"
    opened.choose("band", "0,1")
    left, right = halves(opened.show(made.frames - 1))
    assert left[0] > left[2] + 20 and right[2] > right[0] + 20, "two maps have a colour each"


def halves(pixels: list[int]) -> tuple[list[int], list[int]]:
    return pixels[:3], pixels[3:]


def test_the_finer_maps_are_shown_first(opened: Opened) -> None:
    assert opened.page.locator("#method option").all_inner_texts() == ["hirescam", "gradcam"]
    assert opened.page.evaluate("[rtmri.state.method, rtmri.state.display]") == [0, "signed"]


def test_colours_are_explained_by_what_the_maps_explain(opened: Opened) -> None:
    opened.choose("band", "0")
    opened.choose("display", "signed")

    def note() -> str:
        return str(opened.page.get_attribute("#key", "aria-label"))

    assert "orange raises the frequency, blue lowers it" in note() and "Hz: ±1.00 Hz" in note()
    opened.choose("language", "ja")
    assert "重心周波数" in note()
    opened.choose("language", "en")
    opened.page.select_option("#method", label="gradcam")
    opened.choose("display", "signed")
    assert "orange raises the band's power" in note()
    for target, words in (("log-energy", "band's level"), ("adaptive", "formant's level"), ("?", "what is explained")):
        opened.page.evaluate("(target) => { rtmri.state.clip.maps[1].target = target; }", target)
        opened.choose("display", "positive")
        assert "positive part" in note()
        opened.choose("display", "signed")
        assert words in note()


def test_a_long_clip_has_its_courses_and_pitch_drawn(opened: Opened) -> None:
    """More values than a call takes arguments."""
    opened.page.evaluate(
        """() => {
          const many = (value) => new Array(300000).fill(value), { clip } = rtmri.state;
          for (const band of clip.maps[0].bands) band.course.share = band.course.regions.map(() => many(0.25));
          for (const { tracks } of clip.sounds) if (tracks) tracks.f0 = many(120);
          rtmri.state.from += 0.01;
          rtmri.show(3);
        }"""
    )
    assert opened.errors == []


def test_every_frame_is_the_videos_own(opened: Opened, made: Made) -> None:
    opened.choose("band", "")
    opened.page.evaluate("rtmri.state.clip.outlines.names.forEach((name) => rtmri.state.hidden.add(name))")
    clip = open_gray_clip(scan_video(made.video), FeatureConfig().frame_rate, 256)
    whole = [frame for block in clip.blocks() for frame in block]
    for frame in (0, 15, 16, len(whole) - 1):
        left, right = halves(opened.show(frame))
        true = [half.mean() for half in (whole[frame][:, :128], whole[frame][:, 128:])]
        assert [left[0], right[0]] == pytest.approx(true, abs=1.5)


def test_keys_step_and_time_gives_the_frame(opened: Opened, made: Made) -> None:
    keyboard = opened.page.keyboard
    keyboard.press("Home")
    opened.settle()
    assert opened.frame() == 0
    for key, frame in (("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10), ("End", made.frames - 1)):
        keyboard.press(key)
        opened.settle()
        assert opened.frame() == frame, key
    rate = opened.page.evaluate("rtmri.state.clip.rate")
    for time in (0.0, 0.5, 0.999 / rate, 1.001 / rate):
        opened.page.evaluate("(time) => { rtmri.state.time = time; }", time)
        keyboard.press("+")
        opened.settle()
        assert opened.frame() == int(time * rate)
    band = opened.page.evaluate("rtmri.state.bands.join()")
    keyboard.press("b")
    assert opened.page.evaluate("rtmri.state.bands.join()") != band


def test_a_click_goes_there_and_a_drag_selects(opened: Opened) -> None:
    box = opened.page.locator("#timeline").bounding_box()
    x = box["x"] + 60 + 0.5 * (box["width"] - 74)
    opened.page.mouse.click(x, box["y"] + 100)
    seconds = opened.page.evaluate("rtmri.state.clip.seconds")
    assert opened.page.evaluate("rtmri.state.time") == pytest.approx(seconds / 2, abs=0.01)
    opened.page.mouse.move(x, box["y"] + 100)
    opened.page.mouse.down()
    opened.page.mouse.move(x + 100, box["y"] + 100, steps=4)
    opened.page.mouse.up()
    chosen = opened.page.evaluate("rtmri.state.selection")
    assert chosen == pytest.approx([seconds / 2, seconds * (0.5 + 100 / (box["width"] - 74))], abs=0.02)
    opened.page.keyboard.press("Escape")
    assert opened.page.evaluate("rtmri.state.selection") is None


def test_sound_advances_and_the_frame_with_it(opened: Opened) -> None:
    page = opened.page
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    seen = []
    for _ in range(5):
        page.wait_for_timeout(60)
        seen.append(page.evaluate("[rtmri.state.time, Number(document.querySelector('#timeline').ariaValueNow)]"))
    context = page.evaluate("[rtmri.player.context.state, rtmri.player.context.currentTime]")
    assert context[0] == "running" and context[1] > 0.1
    rate = page.evaluate("rtmri.state.clip.rate")
    assert seen[-1][0] > 0.1 and all(now[0] >= before[0] for before, now in pairwise(seen))
    assert all(frame == int(time * rate + 1e-6) for time, frame in seen)
    (first,) = page.evaluate("window.started")
    assert first["rate"] == 20_000 and first["from"] == 0 and first["loudest"] > 0.1
    page.keyboard.press(" ")
    page.wait_for_timeout(80)
    stopped = page.evaluate("rtmri.state.time")
    page.wait_for_timeout(150)
    assert page.evaluate("[rtmri.state.time, rtmri.state.playing]") == [stopped, False]


def test_sounds_differ_and_slow_motion_is_slow(opened: Opened) -> None:
    page = opened.page
    assert page.locator("#sound option").all_inner_texts() == ["Original", "Synthesized", "Masked: lips, darken"]
    for value in ("0", "1", "2"):
        page.select_option("#sound", value)
        opened.settle()
        page.keyboard.press("Home")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(" ")
        page.wait_for_timeout(250)
        page.keyboard.press(" ")
    loud = [one["loudest"] for one in page.evaluate("window.started")]
    assert loud[1] == pytest.approx(0.7 * loud[0], rel=0.1) and loud[2] == pytest.approx(0.3 * loud[0], rel=0.1)
    opened.choose("speed", "0.25")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.wait_for_timeout(500)
    slow = page.evaluate("window.started.at(-1)")
    assert slow["seconds"] == pytest.approx(4 * page.evaluate("rtmri.state.clip.sounds[2].seconds"), rel=0.05)
    assert page.evaluate("rtmri.state.time") < 0.25


def test_what_files_say_stays_text(opened: Opened) -> None:
    page = opened.page
    assert page.locator("img").count() == 0 and page.locator("script").count() == page.evaluate(
        "document.querySelectorAll('script[id]').length + 1"
    )
    assert page.title() == "Title" + HOSTILE == page.locator("h1").inner_text()
    for text in ("sp" + HOSTILE, "some.safetensors" + HOSTILE, "rtmri2speech evaluate" + HOSTILE):
        assert text in page.locator("main").evaluate("(main) => main.textContent")
    assert HOSTILE in page.locator("#regions").inner_text()


def test_nothing_else_may_run_or_be_loaded(opened: Opened) -> None:
    """The policy holds: scripts, styles and pictures that get in are refused."""
    refused = opened.page.evaluate(
        """async () => {
          const found = [];
          document.addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "window.intruder = true";
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "https://example.org/x.png";
          document.body.append(image);
          try { await fetch("https://example.org/"); } catch (error) { found.push("fetch"); }
          await new Promise((done) => setTimeout(done, 200));
          return [window.intruder ?? null, ...found.sort()];
        }"""
    )
    assert refused == [None, "connect-src", "fetch", "img-src", "script-src-elem"]
    opened.errors[:] = [text for text in opened.errors if "Content Security Policy" not in text]
    opened.requests[:] = [url for url in opened.requests if "example.org" not in url]


def test_language_and_colours_switch(opened: Opened) -> None:
    page = opened.page
    opened.choose("language", "ja")
    assert page.get_attribute("html", "lang") == "ja" and "評価値" in page.inner_text("main")
    assert page.get_attribute("#play", "aria-label") == "再生"
    opened.choose("theme", "dark")
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    opened.choose("theme", "light")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != ground
    assert (
        page.locator("button:visible, canvas[role]:visible").evaluate_all(
            "(all) => all.filter((one) => !(one.ariaLabel || one.textContent.trim())).length"
        )
        == 0
    ), "everything has a name for a screen reader"


def download(opened: Opened, what: str) -> tuple[str, bytes]:
    opened.page.locator("#save summary").click()
    with opened.page.expect_download() as waiting:
        opened.page.locator(f'[data-save="{what}"]').click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_the_view_and_the_data_can_be_saved(opened: Opened, made: Made) -> None:
    from PIL import Image

    opened.show(5)
    name, data = download(opened, "view")
    picture = Image.open(io.BytesIO(data))
    assert name == "cl_ip_frame5.png" and picture.width > 1500 and len(set(picture.convert("L").tobytes())) > 50
    tables = {what: rows_of(download(opened, what)[1]) for what in ("frames", "vowels", "measures")}
    assert len(tables["frames"]) == made.frames + 1 and tables["frames"][0][:3] == [
        "frame",
        "time_s",
        "hirescam F1 lips share",
    ]
    assert (
        tables["frames"][3][2:4] == ["0.1", str(float(f"{2 / made.frames:.4g}"))] or float(tables["frames"][3][3]) > 0
    )
    assert tables["measures"][0][:4] == ["folder", "model_file", "model_sha256", "speakers"]
    model = "some.safetensors" + EVIL
    assert ["evaluation", model, "", "all", "stoi", "high", "0.8", "", "", "0.9", "0.5"] in tables["measures"]


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_two_models_are_told_apart(browser: Any, tmp_path: Path) -> None:
    made = make_folder(tmp_path / "one", seconds=0.8)
    for name in ("first", "second"):
        shutil.copytree(made.folder, tmp_path / "all" / name)
    out = tmp_path / "page.html"
    write_page(collect(tmp_path / "all"), out, "Two")
    one = Opened(browser.new_page())
    one.open(out)
    assert one.page.locator("#sound option").all_inner_texts() == [
        "Original",
        "Synthesized: first/speech",
        "Synthesized: second/speech",
        "Masked: lips, darken (first/masking)",
        "Masked: lips, darken (second/masking)",
    ]
    captions = one.page.locator("#measures caption").all_inner_texts()
    assert [text.split(" · ")[1] for text in captions] == [
        "some.safetensors (first/evaluation)",
        "some.safetensors (second/evaluation)",
    ]
    assert {row[0] for row in rows_of(download(one, "measures")[1])[1:]} == {"first/evaluation", "second/evaluation"}
    assert one.errors == []
    one.page.close()


def test_a_tract_moves_with_the_frame(browser: Any, tmp_path: Path) -> None:
    made = make_folder(tmp_path / "one", seconds=0.8)
    scan = scan_video(made.video)
    tract = made_tract(scan.n_frames, rate=scan.rate, closed=(4, 5))
    tract.length[12:] = np.nan
    tract.save(made.folder / "tract")
    out = tmp_path / "page.html"
    assert write_page(collect(made.folder), out, "Tract").notes == []
    one = Opened(browser.new_page(viewport={"width": 1366, "height": 900}))
    one.open(out)
    panel, area = one.page.locator("#tract-panel"), one.page.locator("#tract-area")
    assert panel.is_visible() and one.page.locator("#show-tract").is_visible()
    shown = []
    for frame in (2, 9):
        one.show(frame)
        shown.append((one.pixels("#tract-area"), one.pixels("#tract-plane")))
        assert f"Frame {frame}, 16.0 cm" in area.get_attribute("aria-label")
    assert shown[0][0] != shown[1][0] and shown[0][1] != shown[1][1]
    number = source_of(open_gray_clip(scan, FeatureConfig().frame_rate, 256)).frames[9]
    f1, f2 = tract.formants[number, :2].round().astype(int)
    assert f"F1 {f1} Hz, F2 {f2} Hz" in one.page.locator("#tract-plane").get_attribute("aria-label")
    one.show(made.frames - 1)
    assert "no whole tract" in area.get_attribute("aria-label")
    without = one.show(2)
    one.page.locator("#show-tract").check()
    assert one.show(2) != without, "contours lie over the frame"
    spectrogram = one.pixels("#timeline")
    one.page.locator("#show-tube").uncheck()
    one.settle()
    assert one.pixels("#timeline") != spectrogram
    assert one.errors == []
    one.page.close()


def test_several_clips_are_listed(browser: Any, tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_folder(tmp_path / name, name, seconds=0.8)
        shutil.copytree(tmp_path / name / "out", tmp_path / "all" / name)
    out = tmp_path / "page.html"
    write_page(collect(tmp_path / "all"), out, "Two")
    one = Opened(browser.new_page())
    one.open(out)
    buttons = one.page.locator("#clips button")
    assert [re.sub(r"\s+", " ", text) for text in buttons.all_inner_texts()] == ["one 0.8 s", "two 0.8 s"]
    buttons.nth(1).click()
    one.page.wait_for_selector('#clips button[aria-current]:has-text("two")')
    assert one.page.evaluate("rtmri.state.clip.name") == "two" and max(one.show(3)) > 20
    assert one.errors == []
    one.page.close()


@pytest.fixture(scope="module")
def walls_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made]:
    """A page of maps and of Hz per mm."""
    made = make_folder(tmp_path_factory.mktemp("walls"), seconds=0.8)
    made_widening(made.frames, made.video).save(made.folder / "widening")
    out = made.folder.parent / "page.html"
    assert write_page(collect(made.folder), out, "Walls").notes == []
    return out, made


@pytest.fixture
def walls(browser: Any, walls_page: tuple[Path, Made]) -> Iterator[Opened]:
    one = Opened(browser.new_page(viewport={"width": 1366, "height": 900}))
    one.open(walls_page[0])
    yield one
    one.page.close()
    assert one.errors == [] and all(url.startswith(("file:", "blob:")) for url in one.requests)


# Red, green and blue of the canvas at places of the frame's 256 pixels.
AT = """([x, y]) => {
  const canvas = document.querySelector("#frame"), factor = canvas.width / 256;
  const { data } = canvas.getContext("2d").getImageData(Math.round(x * factor), Math.round(y * factor), 1, 1);
  return [...data].slice(0, 3);
}"""


def place_of(made: Made, contour: str, frame: int, point: int = 32) -> list[float]:
    """Where a point of a contour is, in the page's pixels."""
    line = made_widening(made.frames, made.video).contours[frame, CONTOURS.index(contour), point]
    return [float(one) * 4.0 for one in line]


def test_a_page_opens_on_walls_and_maps_are_a_click_away(walls: Opened, walls_page: tuple[Path, Made]) -> None:
    page, made = walls.page, walls_page[1]
    last = made.frames - 1
    assert page.evaluate("rtmri.state.layer") == "walls"
    walls.show(last)
    red, _, blue = page.evaluate(AT, place_of(made, "tongue", last))
    assert red > blue + 60, "orange raises the formant"
    red, _, blue = page.evaluate(AT, place_of(made, "palate_and_velum", last))
    assert blue > red + 60, "blue lowers it"
    walls.choose("formant", "1")
    red, _, blue = page.evaluate(AT, place_of(made, "tongue", last))
    assert blue > red + 60, "and F2 the other way round"
    assert "F2: ±" in page.get_attribute("#key", "aria-label") and not page.locator("#bands-row").is_visible()
    page.locator('input[name="layer"]').nth(1).check(force=True)
    walls.settle()
    assert page.evaluate("rtmri.state.layer") == "maps" and page.locator("#bands-row").is_visible()
    assert not page.locator("#wall-panel").is_visible() and not page.locator("#told").is_visible()
    left, _ = halves(walls.show(last))
    assert left[0] > left[2] + 20, "the map, as ever"


def test_a_place_is_told_by_mouse_touch_and_keyboard(walls: Opened, walls_page: tuple[Path, Made]) -> None:
    page, made = walls.page, walls_page[1]
    walls.show(5)
    box = page.locator("#frame").bounding_box()
    x, y = (box[side] + one * box["width"] / 256.0 for side, one in zip("xy", place_of(made, "tongue", 5), strict=True))
    assert "Point at a wall" in page.inner_text("#told")
    page.mouse.move(x, y)
    walls.settle()
    told = page.inner_text("#told")
    assert told.startswith("F1, tongue body: Model +") and "Tube +" in told and "(+5.00 to +13.0) as a whole" in told
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    walls.settle()
    assert "Point at a wall" in page.inner_text("#told")
    page.mouse.click(x, y)
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.keyboard.press("ArrowRight")
    walls.settle()
    assert page.inner_text("#told").startswith("F1, tongue body"), "what was clicked stays, over time"
    page.keyboard.press("Escape")
    page.locator("#frame").focus()
    page.keyboard.press("ArrowDown")
    walls.settle()
    assert page.inner_text("#told").startswith("F1, tongue root")
    page.keyboard.press("ArrowUp")
    walls.settle()
    assert page.inner_text("#told").startswith("F1, pharyngeal wall"), "the epiglottis is not there"
    page.keyboard.press("m")
    assert page.evaluate("rtmri.state.layer") == "maps"


def test_articulators_have_bars_that_are_read_out(walls: Opened, walls_page: tuple[Path, Made]) -> None:
    page, made = walls.page, walls_page[1]
    walls.show(made.frames - 1)
    said = page.get_attribute("#wall-bars", "aria-label")
    assert "palate and velum: Model −16.0, Tube +8.00" in said and "epiglottis: Model unknown" in said
    before = walls.pixels("#wall-bars")
    page.keyboard.press("b")
    walls.settle()
    assert walls.pixels("#wall-bars") != before and "F2" in page.get_attribute("#wall-bars", "aria-label")
    course = walls.pixels("#timeline")
    walls.choose("answer", "tube")
    assert walls.pixels("#timeline") != course, "the course is of the answer that is chosen"
    assert "Tube" in page.get_attribute("#frame", "aria-label")
    table = rows_of(download(walls, "frames")[1])
    column = table[0].index("model F1 palate_and_velum (Hz/mm)")
    assert float(table[-1][column]) == pytest.approx(-16.0, rel=1e-3)
    assert float(table[2][table[0].index("tube F2 tongue_tip low (Hz/mm)")]) == pytest.approx(5.0, rel=1e-3)
    walls.choose("language", "ja")
    assert "舌体" in page.get_attribute("#wall-bars", "aria-label")
    page.set_viewport_size({"width": 390, "height": 844})
    walls.settle()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing sticks out on a phone"
