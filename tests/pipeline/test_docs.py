"""The manual: command lines exist, snippets run, generated pages are those of the code, nothing is fetched."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from html import unescape
from html.parser import HTMLParser
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from cyclopts import App

from conftest import MakeBundle
from made_tracts import made_tract
from rtmri2speech.cli.main import _hyphenated, app, main
from rtmri2speech.data.dataset.layout import FILELISTS, RECEIPTS, SAMPLE_FILES, Utterance
from rtmri2speech.data.dataset.meta import Meta
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.models.bundle.model_file import save_bundle
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READMES = (ROOT / "README.md", ROOT / "README.ja.md")
# Blocks of a Japanese page are those of the English one (test_japanese_manual.py), and are run once.
PAGES = sorted(path for path in DOCS.rglob("*.md") if not path.name.endswith(".ja.md"))
JAPANESE = sorted(DOCS.rglob("*.ja.md"))
FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```", flags=re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:^|[\s/\\])rtmri2speech (.+)$")
# Options of other programs and of benchmarks, and those of the memo's that have become something else.
FOREIGN = {
    *("--list", "--nodes", "--ntasks", "--ntasks-per-node", "--gpus-per-node", "--cpus-per-task", "--time", "--signal"),
    *("--nproc-per-node", "--strict", "--logdir", "--help", "--debug"),
    *("--mri-checkpoint", "--use-checkpoint", "--ckpt-segments", "--fine-tuning", "--input-wavs-dir"),
    *("--input-training-file", "--input-validation-file", "--distances", "--flicker", "--without", "--each"),
    *("--account", "--array", "--partition", "--nthreads"),
}


def fences(path: Path) -> Iterator[tuple[str, str]]:
    """Language and text of a page's fenced blocks."""
    for match in FENCE.finditer(path.read_text(encoding="utf-8")):
        yield match[1], match[2]


def calls(path: Path) -> list[str]:
    """What follows the program's name in a page's blocks of commands, and after the prompt in what a demo prints."""
    found = []
    for language, text in fences(path):
        if language in ("", "bash", "powershell"):
            lines = [line.strip() for line in text.splitlines()]
        elif language == "text":
            lines = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
        else:
            continue
        found += [match[1].removesuffix(" }") for line in lines if (match := CALL.search(line))]
    return found


def inline(path: Path) -> list[str]:
    """What stands between backticks in the running text."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]


def split(line: str) -> list[str]:
    return [_hyphenated(word) for word in shlex.split(line)]


def level_of(words: tuple[str, ...]) -> App:
    level = app
    for word in words:
        level = level[word]
    return level


def inner_names(words: tuple[str, ...]) -> list[str]:
    level = level_of(words)
    return [] if level.default_command is not None else [name for name in level if not name.startswith("-")]


@cache
def options_of(words: tuple[str, ...] = ()) -> frozenset[str]:
    """Names of the options of a command, or of all commands below."""
    level = level_of(words)
    if level.default_command is not None:
        return frozenset(name for argument in level.assemble_argument_collection() for name in argument.names)
    return frozenset().union(*(options_of((*words, name)) for name in inner_names(words)))


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


LINES = [(path, line) for path in PAGES for line in calls(path)]


def test_the_manual_has_command_lines() -> None:
    assert len(LINES) > 60


@pytest.mark.parametrize(
    ("path", "line"), LINES, ids=[f"{path.relative_to(DOCS).as_posix()}: {line[:50]}" for path, line in LINES]
)
def test_a_command_line_is_complete(path: Path, line: str) -> None:
    app.parse_args(split(line), exit_on_error=False, print_error=False)


PROSE = [*PAGES, *JAPANESE, *READMES]


@pytest.mark.parametrize("path", PROSE, ids=names(PROSE))
def test_the_options_in_the_text_exist(path: Path) -> None:
    for code in inline(path):
        words = [_hyphenated(word) for word in code.split()]
        command: tuple[str, ...] = ()
        while words and words[0] in inner_names(command):
            command = (*command, words.pop(0))
        known = options_of(command) | FOREIGN
        if words[:1] == ["python"] and words[1:] and words[1].endswith(".py"):
            known = frozenset(re.findall(r'"(--[a-z][\w-]*)"', (ROOT / words[1]).read_text(encoding="utf-8")))
        for word in words:
            if option := re.match(r"--[a-z][\w-]*", word):
                assert option[0] in known, f"{path}: {code}"


# --- Pages made from the code ---------------------------------------------------------------------------------------


def load_script(name: str) -> ModuleType:
    spec = spec_from_file_location(f"docs_{name}", DOCS / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_code_says() -> None:
    for path, text in load_script("reference").pages().items():
        assert path.read_text(encoding="utf-8") == text, "make it anew: python docs/scripts/reference.py"


def test_the_dataset_page_names_everything() -> None:
    text = (DOCS / "reference" / "dataset.md").read_text(encoding="utf-8")
    meta = [field.alias or name for name, field in Meta.model_fields.items()]
    expected = [*meta, *(field.name for field in fields(Utterance)), *SAMPLE_FILES, *FeatureConfig.model_fields]
    assert [name for name in [*expected, *FrameConfig.model_fields] if f"`{name}`" not in text] == []
    assert all(f"hifigan_filelists/{name}.txt" in text for name in FILELISTS) and RECEIPTS in text


def test_the_model_file_page_names_everything(make_bundle: MakeBundle) -> None:
    text = (DOCS / "reference" / "bundle.md").read_text(encoding="utf-8")
    bundle = make_bundle()
    header = bundle.header()
    expected = [*header, *header["model"]["acoustic"], *header["model"]["vocoder"], "schema", "digest"]
    assert [name for name in expected if f"`{name}`" not in text] == []
    stems = {".".join(name.split(".")[:2]) for name in bundle.tensors if name.startswith("acoustic.")}
    assert all(stem in text for stem in stems)


# --- Snippets -------------------------------------------------------------------------------------------------------

# Pages whose command lines run here, one after the other, but for those that train or take long.
RUN = ("how-to/own-recordings.md",)
LEFT_OUT = ("train", "evaluate", "check")
MAPS = ("analyze", "gradcam", "000.mp4", "--model", "model.safetensors", "--out", "maps/000", "--method", "gradcam")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, tiny_phantom: Path, make_bundle: MakeBundle) -> Path:
    """A folder with what the pages' command lines name."""
    folder = tmp_path_factory.mktemp("reader")
    speaker = next(path.parent for path in sorted(tiny_phantom.rglob("*_0000.mp4")))
    for number, video in enumerate(sorted(speaker.glob("*.mp4"))):
        for place in ("", "videos/yamada/"):
            (folder / place).mkdir(parents=True, exist_ok=True)
            for suffix in (".mp4", ".wav", ".TextGrid"):
                shutil.copy(video.with_suffix(suffix), folder / f"{place}{number:03d}{suffix}")
    shutil.copy(folder / "000.mp4", folder / "m01_0000.mp4")
    for kind in ("acoustic", "vocoder", "synthesizer"):
        save_bundle(make_bundle(kind, frames=FrameConfig()), folder / f"{kind}.safetensors")
    save_bundle(make_bundle(frames=FrameConfig(size=64)), folder / "small.safetensors")
    shutil.copy(folder / "vocoder.safetensors", folder / "tuned.safetensors")
    # What the command lines of the pages on tracts write, and two speakers.
    scan = scan_video(folder / "000.mp4")
    for name in ("000", "anna", "ben"):
        made_tract(scan.n_frames, name=name, rate=scan.rate).save(folder / "tract")
        if name != "000":
            shutil.copy(folder / "000.TextGrid", folder / "tract" / f"{name}.TextGrid")
    return folder


def python_snippets() -> list[tuple[Path, str]]:
    return [(path, text) for path in PAGES for language, text in fences(path) if language == "python"]


def test_the_snippets_run_as_they_stand(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("MPLBACKEND", "agg")
    for page in RUN:
        for line in calls(DOCS / page):
            # A worker process takes longer to start than the work takes.
            words = split(line) + (["--workers", "1"] if line.startswith("prepare") else [])
            if words[0] not in LEFT_OUT:
                assert main(words) == 0, f"{page}: {line}"
    assert main(MAPS) == 0
    # As in a notebook, the snippets of a page share their names.
    names: dict[Path, dict[str, object]] = {}
    for path, text in python_snippets():
        # The recording is shorter than the one that the page is about, and so is what its model takes.
        text = re.sub(r'(load_model)\("[^"]+"\)', r'\1("small.safetensors")', text.replace("maps[60]", "maps[10]"))
        exec(compile(text, str(path), "exec"), names.setdefault(path, {}))


# --- The site -------------------------------------------------------------------------------------------------------


class Fetched(HTMLParser):
    """Addresses that a browser would load with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.other_languages: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        loads = values.get("src") or (values.get("href") if tag in ("link", "use", "image") else None)
        if loads and values.get("rel") != "canonical":
            self.found.append(loads)
        if tag == "a" and "hreflang" in values:
            self.other_languages.append(str(values["href"]))


SITE = ("material", "mkdocs_static_i18n")


@pytest.mark.skipif(not all(map(find_spec, SITE)), reason="not installed: MkDocs and its plugins (extra docs)")
def test_the_site_builds_without_warnings_and_fetches_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", env=environment)
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip()
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) == 2 * len(PAGES) + 1  # and that of what is not found
    for path in (*PAGES, *JAPANESE):
        name = path.relative_to(DOCS).as_posix()
        made = tmp_path / "site" / ("ja" if path in JAPANESE else "") / re.sub(r"(\.ja)?\.md$", ".html", name)
        title = re.sub(r"^# |`", "", path.read_text(encoding="utf-8").split("\n", 1)[0])
        assert title in unescape(made.read_text(encoding="utf-8")), made
    for page in pages:
        text = page.read_text(encoding="utf-8")
        parser = Fetched()
        parser.feed(text)
        assert [address for address in parser.found if re.match(r"(?:https?:)?//", address)] == [], page
        if page.name != "404.html":
            assert len(parser.other_languages) == 2, page
            assert all((page.parent / address).is_file() for address in parser.other_languages), page
        assert "$`" not in text and "<merror" not in text, f"{page}: a formula is not understood"
    styles = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.css"))
    assert not re.search(r"(?:url\(|@import\s*)[\"']?(?:https?:)?//", styles)
