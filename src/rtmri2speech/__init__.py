"""Speech from real-time MRI of the vocal tract, and which part of the frame it depends on.

    import rtmri2speech as r2s

    model = r2s.load_model("phantom")
    speech = model.synthesize(r2s.example_video())
    speech.save("out")  # a folder

The names below are the public interface. Each is imported when it is first used (PEP 562), so that the package itself
imports at once; type checkers and the manual read the imports under ``TYPE_CHECKING``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rtmri2speech.version import __version__

if TYPE_CHECKING:
    from rtmri2speech.analysis.attribution.compute import gradcam as gradcam
    from rtmri2speech.analysis.attribution.maps import Maps as Maps
    from rtmri2speech.analysis.map_folder.read import read_maps as read_maps
    from rtmri2speech.analysis.movement.compute import move as move
    from rtmri2speech.analysis.movement.result import Move as Move
    from rtmri2speech.analysis.occlusion.occlude import occlude as occlude
    from rtmri2speech.analysis.occlusion.occlusion import Occlusion as Occlusion
    from rtmri2speech.analysis.validation.faithfulness import Faithfulness as Faithfulness
    from rtmri2speech.analysis.validation.faithfulness import faithfulness as faithfulness
    from rtmri2speech.analysis.validation.plausibility import Plausibility as Plausibility
    from rtmri2speech.analysis.validation.plausibility import plausibility as plausibility
    from rtmri2speech.analysis.widening.compute import widening as widening
    from rtmri2speech.analysis.widening.files import read_widening as read_widening
    from rtmri2speech.analysis.widening.result import Widening as Widening
    from rtmri2speech.assets import example_video as example_video
    from rtmri2speech.cluster.connect import use_cluster as use_cluster
    from rtmri2speech.cluster.slurm import Slurm as Slurm
    from rtmri2speech.data.dataset.layout import Dataset as Dataset
    from rtmri2speech.errors import UserError as UserError
    from rtmri2speech.evaluation.protocol import evaluate as evaluate
    from rtmri2speech.evaluation.results import Evaluation as Evaluation
    from rtmri2speech.evaluation.sounds.compare import evaluate_sounds as evaluate_sounds
    from rtmri2speech.evaluation.sounds.results import SoundEvaluation as SoundEvaluation
    from rtmri2speech.inference.model import Model as Model
    from rtmri2speech.inference.model import load_model as load_model
    from rtmri2speech.inference.speech import Speech as Speech
    from rtmri2speech.metrics.listening_models import Listeners as Listeners
    from rtmri2speech.preparation.check import check as check
    from rtmri2speech.preparation.prepare import prepare as prepare
    from rtmri2speech.preparation.tracts.prepare_tracts import prepare_tracts as prepare_tracts
    from rtmri2speech.reporting.page.build import report as report
    from rtmri2speech.simulation.phantom import simulate as simulate
    from rtmri2speech.simulation.poses.heads import simulate_poses as simulate_poses
    from rtmri2speech.training.train import train_acoustic as train_acoustic
    from rtmri2speech.training.train import train_segmenter as train_segmenter
    from rtmri2speech.training.train import train_vocoder as train_vocoder
    from rtmri2speech.vocal_tract.against_sound.comparison import SoundComparison as SoundComparison
    from rtmri2speech.vocal_tract.against_sound.recording import compare_with_sound as compare_with_sound
    from rtmri2speech.vocal_tract.export.write import write_exports as write_exports
    from rtmri2speech.vocal_tract.gestures.comparison import Comparison as Comparison
    from rtmri2speech.vocal_tract.gestures.gestures import Gestures as Gestures
    from rtmri2speech.vocal_tract.gestures.gestures import gestures_of as gestures_of
    from rtmri2speech.vocal_tract.gestures.recordings import compare_tracts as compare_tracts
    from rtmri2speech.vocal_tract.gestures.tokens import TractTokens as TractTokens
    from rtmri2speech.vocal_tract.gestures.tokens import tokens_of as tokens_of
    from rtmri2speech.vocal_tract.measurement.file import read_tract as read_tract
    from rtmri2speech.vocal_tract.measurement.measure import tract as tract
    from rtmri2speech.vocal_tract.measurement.tract import Tract as Tract
    from rtmri2speech.vocal_tract.segment import segment as segment
    from rtmri2speech.vocal_tract.segmentation import Segmentation as Segmentation

# Where each public name lives.
_HOMES = {
    "Comparison": "vocal_tract.gestures.comparison",
    "Dataset": "data.dataset.layout",
    "Evaluation": "evaluation.results",
    "Faithfulness": "analysis.validation.faithfulness",
    "Gestures": "vocal_tract.gestures.gestures",
    "Listeners": "metrics.listening_models",
    "Maps": "analysis.attribution.maps",
    "Model": "inference.model",
    "Move": "analysis.movement.result",
    "Occlusion": "analysis.occlusion.occlusion",
    "Plausibility": "analysis.validation.plausibility",
    "Segmentation": "vocal_tract.segmentation",
    "Slurm": "cluster.slurm",
    "SoundComparison": "vocal_tract.against_sound.comparison",
    "SoundEvaluation": "evaluation.sounds.results",
    "Speech": "inference.speech",
    "Tract": "vocal_tract.measurement.tract",
    "TractTokens": "vocal_tract.gestures.tokens",
    "UserError": "errors",
    "Widening": "analysis.widening.result",
    "check": "preparation.check",
    "compare_tracts": "vocal_tract.gestures.recordings",
    "compare_with_sound": "vocal_tract.against_sound.recording",
    "evaluate": "evaluation.protocol",
    "evaluate_sounds": "evaluation.sounds.compare",
    "example_video": "assets",
    "faithfulness": "analysis.validation.faithfulness",
    "gestures_of": "vocal_tract.gestures.gestures",
    "gradcam": "analysis.attribution.compute",
    "load_model": "inference.model",
    "move": "analysis.movement.compute",
    "occlude": "analysis.occlusion.occlude",
    "plausibility": "analysis.validation.plausibility",
    "prepare": "preparation.prepare",
    "prepare_tracts": "preparation.tracts.prepare_tracts",
    "read_maps": "analysis.map_folder.read",
    "read_tract": "vocal_tract.measurement.file",
    "read_widening": "analysis.widening.files",
    "report": "reporting.page.build",
    "segment": "vocal_tract.segment",
    "simulate": "simulation.phantom",
    "simulate_poses": "simulation.poses.heads",
    "tokens_of": "vocal_tract.gestures.tokens",
    "tract": "vocal_tract.measurement.measure",
    "train_acoustic": "training.train",
    "train_segmenter": "training.train",
    "train_vocoder": "training.train",
    "use_cluster": "cluster.connect",
    "write_exports": "vocal_tract.export.write",
    "widening": "analysis.widening.compute",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
