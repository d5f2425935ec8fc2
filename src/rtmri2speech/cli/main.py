"""The program ``rtmri2speech``: its commands, and what becomes of errors."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from rtmri2speech.cli.flags import in_flags, remember
from rtmri2speech.errors import UserError
from rtmri2speech.version import __version__

_INTERRUPTED = 130
_RESPELLED = {"--normalisation": "--normalization"}

app = App(
    name="rtmri2speech",
    help="Speech from real-time MRI of the vocal tract.",
    help_epilogue="Every command takes --help, and --debug to show where an error came from.",
    version=__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # it would exit without a word
)
train = App(name="train", help="Train the acoustic model, the vocoder or the segmenter.")
import_app = App(name="import", help="Bring in checkpoints of other programs.")
export_mels = App(name="export-mels", help="Write mel spectrograms to fine-tune the vocoder on.")
analyze = App(name="analyze", help="Show what the model looks at; measure speech and movement.")
render = App(name="render", help="Make videos to look at.")

# Named by text, so that a command's own imports happen only when it is called.
_COMMANDS = "rtmri2speech.cli"
app.command(
    f"{_COMMANDS}.recordings.check:check", name="check", help="Look for what is wrong with videos or a dataset."
)
app.command(f"{_COMMANDS}.recordings.prepare:prepare", name="prepare", help="Make a dataset from videos and sound.")
app.command(
    f"{_COMMANDS}.recordings.prepare_tracts:prepare_tracts",
    name="prepare-tracts",
    help="Measure the tracts of a dataset, to train on.",
)
app.command(f"{_COMMANDS}.recordings.simulate:simulate", name="simulate", help="Make recordings of simulated speakers.")
app.command(train)
train.command(f"{_COMMANDS}.train.train:acoustic", name="acoustic", help="Train frames to mel spectrogram.")
train.command(f"{_COMMANDS}.train.train:vocoder", name="vocoder", help="Train mel spectrogram to sound.")
train.command(f"{_COMMANDS}.train.train:segmenter", name="segmenter", help="Train frames to labels of articulators.")
app.command(export_mels)
export_mels.command(
    f"{_COMMANDS}.train.export_mels:ground_truth", name="ground-truth", help="Those of a dataset's sound."
)
export_mels.command(
    f"{_COMMANDS}.train.export_mels:predicted", name="predicted", help="Those an acoustic model predicts."
)
app.command(f"{_COMMANDS}.bundle:bundle", name="bundle", help="Join an acoustic model and a vocoder in one file.")
app.command(f"{_COMMANDS}.bundle:inspect", name="inspect", help="Say what a model file holds.")
app.command(import_app)
import_app.command(f"{_COMMANDS}.bundle:hifigan", name="hifigan", help="A HiFi-GAN generator (g_* with its JSON).")
import_app.command(f"{_COMMANDS}.bundle:acoustic", name="acoustic", help="An acoustic model (.pt with scaler.json).")
app.command(f"{_COMMANDS}.synthesize:synthesize", name="synthesize", help="Make speech from videos.")
app.command(f"{_COMMANDS}.live.live:live", name="live", help="Make speech while the frames come.")
app.command(
    f"{_COMMANDS}.segmentation.segment:segment", name="segment", help="Find the articulators in videos of anybody."
)
app.command(
    f"{_COMMANDS}.tract.tract:tract", name="tract", help="Measure the vocal tract in videos: areas and formants."
)
app.command(
    f"{_COMMANDS}.tract.compare_tracts:compare_tracts",
    name="compare-tracts",
    help="Compare the vocal tracts of two speakers or conditions.",
)
app.command(
    f"{_COMMANDS}.train.compare_checkpoints:compare_checkpoints",
    name="compare-checkpoints",
    help="Find the best checkpoint of a training run of a vocoder.",
)
app.command(
    f"{_COMMANDS}.evaluation.evaluate:evaluate", name="evaluate", help="Measure a model, with floor and ceiling."
)
app.command(
    f"{_COMMANDS}.segmentation.evaluate_segmentation:evaluate_segmentation",
    name="evaluate-segmentation",
    help="Measure labels and contours against traced ones.",
)
app.command(analyze)
analyze.command(f"{_COMMANDS}.analyze.gradcam:gradcam", name="gradcam", help="Which part of the frame made which band.")
analyze.command(
    f"{_COMMANDS}.analyze.regions:regions", name="regions", help="How much of the maps lies in which articulator."
)
analyze.command(
    f"{_COMMANDS}.analyze.masking:masking", name="masking", help="What becomes of speech when regions are hidden."
)
analyze.command(
    f"{_COMMANDS}.analyze.faithfulness:faithfulness", name="faithfulness", help="Do the maps describe the model?"
)
analyze.command(f"{_COMMANDS}.analyze.physics:physics", name="physics", help="Do the maps agree with tube acoustics?")
analyze.command(
    f"{_COMMANDS}.analyze.walls.widening:widening",
    name="widening",
    help="What moving a wall of the tract does to each formant, in Hz per mm.",
)
analyze.command(
    f"{_COMMANDS}.analyze.walls.move:move",
    name="move",
    help="What moving an articulator by a millimeter does to formants and sound.",
)
analyze.command(f"{_COMMANDS}.analyze.formants:formants", name="formants", help="F0 and F1 to F4 of a sound over time.")
analyze.command(f"{_COMMANDS}.analyze.vowels:vowels", name="vowels", help="The vowel space, and mean frames of vowels.")
analyze.command(f"{_COMMANDS}.analyze.kymograph:kymograph", name="kymograph", help="What lies on a line over time.")
analyze.command(
    f"{_COMMANDS}.analyze.intensity:intensity", name="intensity", help="Brightness of regions, and its velocity."
)
app.command(render)
render.command(f"{_COMMANDS}.render:heatmap", name="heatmap", help="Maps in slow motion.")
render.command(f"{_COMMANDS}.render:overlay", name="overlay", help="Maps over the moving anatomy, with sound.")
render.command(f"{_COMMANDS}.render:masked", name="masked", help="A video with regions hidden.")
app.command(f"{_COMMANDS}.report:report", name="report", help="One HTML page to look at and listen to.")
app.command(f"{_COMMANDS}.demo:demo", name="demo", help="The whole path on a short made-up recording.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code: 0, 1 for an error, 130 for Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        # File names may hold letters that the terminal's code page lacks (Windows).
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    typed = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in typed
    typed = [word for word in typed if word != "--debug"]
    words = [_hyphenated(word) for word in typed]
    remember(app, words)
    try:
        result = app(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        from rtmri2speech.cli.mistakes import explain

        return _fail(explain(error, app, words, typed), debug)
    except UserError as error:
        return _fail(error, debug)
    except KeyboardInterrupt:
        again = "with --resume " if words[:1] == ["train"] else ""
        print(f"Stopped. What was finished is kept; run the same command again {again}to go on.", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read has heard enough (| head); a flush at exit would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(_from_system(error), debug)
    return result if isinstance(result, int) else 0


def _from_system(error: OSError) -> UserError:
    place = error.filename or "the disk"
    if error.errno == errno.ENOSPC:
        return UserError(f"{place}: no space left.", "Free some space, then run it again.")
    problem = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}."
    return UserError(problem, "Check the path and its rights; --debug shows where it came from.")


def _hyphenated(word: str) -> str:
    """``--n_mels=64`` as ``--n-mels=64``: the spelling of the reference configuration works too, and older ones."""
    match = re.match(r"--[A-Za-z][\w-]*", word)
    if match is None:
        return word
    flag = match[0].replace("_", "-")
    return _RESPELLED.get(flag, flag) + word[match.end() :]


def _fail(error: UserError, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"error: {in_flags(error.problem)}\n       {in_flags(error.remedy)}", file=sys.stderr)
    return 1
