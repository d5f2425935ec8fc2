"""Names of other programs are answered with what they are here; unknown options are named first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rtmri2speech.cli.reference_names import SCRIPTS, SETTINGS, SETTINGS_OF
from rtmri2speech.training.recipes import Recipe, load_recipe

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("line", "problem", "remedy"),
    [
        (
            "analyze gradcam --video v --mri-checkpoint m.pt --output-dir o",
            "--mri-checkpoint",
            "import acoustic FILE.pt",
        ),
        (
            "analyze gradcam v --model m --scaler-json s --out o",
            "--scaler-json",
            "--scaler-json: leave it out, the model",
        ),
        ("train acoustic d --use_checkpoint", "--use_checkpoint", "--set acoustic.checkpoint_segments=2"),
        ("train acoustic d --ckpt_segments 4", "--ckpt_segments", "--set acoustic.checkpoint_segments=4"),
        ("train acoustic --data_dir d", "--data_dir", "rtmri2speech train acoustic d"),
        ("train vocoder --data_dir=d", "--data_dir", "rtmri2speech train vocoder d"),
        ("train vocoder d --batch_size 8", "--batch_size", "--set vocoder.data.batch_size=8"),
        ("train acoustic d --lr 2e-4", "--lr", "--set acoustic.optimizer.lr=2e-4"),
        ("train vocoder d --epochs 7", "--epochs", "--set vocoder.max_epochs=7"),
        ("train vocoder d --training_epochs 7", "--training_epochs", "--set vocoder.max_epochs=7"),
        ("train vocoder d --config c.json", "--config", "--recipe memo"),
        ("train vocoder d --fine_tuning 1", "--fine_tuning", "--fine-tune, without a value"),
        ("train vocoder d --input_training_file f", "--input_training_file", "the dataset holds it"),
        ("synthesize v --checkpoint_file g --out o", "--checkpoint_file", "import hifigan"),
    ],
)
def test_an_option_of_the_reference_programs(run: Run, line: str, problem: str, remedy: str) -> None:
    result = run(*line.split())
    assert problem in result.problem and "requires" not in result.problem and "Did you mean" not in result.problem
    assert remedy in result.remedy


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_the_reference_programs(run: Run, script: str) -> None:
    for words in ([f"{script}.py", "--x", "1"], ["python", f"scripts/{script}.py"]):
        result = run(*words)
        assert f"{script}.py" in result.problem and "rtmri2speech " in result.remedy


def test_every_setting_that_is_named_exists() -> None:
    known = load_recipe("memo").model_dump()
    for stage in ("acoustic", "vocoder"):
        for setting in (*SETTINGS.values(), *SETTINGS_OF[stage].values()):
            part = known[stage]
            for name in setting.split("."):
                assert name in part, (stage, setting)
                part = part[name]
    assert isinstance(load_recipe("memo"), Recipe)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("prepare x", 'Command "prepare" needs --out.'),
        ("import acoustic m.pt", 'Command "import acoustic" needs --scaler and --out.'),
        ("inspect", 'Command "inspect" needs MODEL.'),
        ("train --data_dir d", "acoustic, vocoder"),
        ("prepare x --out", "--out requires an argument"),
        ("bundle --half --vocodr v", "Unknown option: --vocodr. Did you mean --vocoder?"),
        ("prepare --wrong_one 3", "Unknown option: --wrong_one."),
    ],
)
def test_what_is_missing_is_said_to_be_missing_and_the_unknown_comes_first(run: Run, line: str, problem: str) -> None:
    assert problem in run(*line.split()).problem
