"""Maps and responses of a clip, against those of the whole model."""

from __future__ import annotations

import numpy as np
import torch

from rtmri2speech.analysis.attribution.frame_gradients import gradients_by_frame
from rtmri2speech.analysis.attribution.layer_maps import LayerMaps, frozen
from rtmri2speech.analysis.validation.clip_probe import ClipProbe, acoustic_parts
from rtmri2speech.analysis.validation.randomization import cascade
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.inference.model import Model


def test_the_probes_maps_are_those_of_gradcam(probe: ClipProbe, clip: Clip, model: Model) -> None:
    chosen = probe.choose(5)
    assert len(chosen) == 5 and set(chosen) <= set(probe.speech_frames)
    frames = torch.from_numpy(np.concatenate(list(clip.blocks()))).float() / 255
    with torch.no_grad():
        features = model.acoustic.encode(frames)
        mel = model.acoustic.predict(features)
    # By definition: one backward pass for each frame and target.
    numbers = chosen.tolist()
    gradients = torch.stack(
        [gradients_by_frame(model.acoustic, features, one, frames=numbers) for one in probe.targets]
    )
    with frozen(model.acoustic), LayerMaps(model.acoustic, [32, 8]) as layers:
        expected = layers(frames[numbers], gradients)
    maps = probe.maps(chosen)
    assert list(maps) == probe.layout.keys
    for key, found in maps.items():
        known = expected[key[0].stride][probe.layout.index(key)].numpy()
        np.testing.assert_allclose(found, known, rtol=1e-3, atol=1e-4 * np.abs(known).max())
    for target, values in zip(probe.targets, probe.values, strict=True):
        np.testing.assert_allclose(target(mel).numpy(), values, rtol=1e-4)
    assert [(target.kind, target.name) for target in probe.targets][:3] == [
        ("energy", "F1"),
        ("energy", "F2"),
        ("log-energy", "F1"),
    ]


def test_a_changed_frame_is_answered_as_the_whole_model_would(probe: ClipProbe, model: Model) -> None:
    number = 40
    frame = probe.frame(number)
    other = frame.flip(0)
    same, changed = probe.respond(number, torch.stack([frame, other])).T
    np.testing.assert_allclose(same, probe.values[:, number], rtol=1e-2)
    frames = probe.frames.float() / 255
    frames[number] = other
    with torch.no_grad():
        mel = model.acoustic.predict(model.acoustic.encode(frames))
    expected = [float(target(mel.double())[number]) for target in probe.targets]
    np.testing.assert_allclose(changed, expected, rtol=1e-2)
    assert np.abs(changed / same - 1).max() > 0.05


def test_the_cascade_randomizes_from_the_output_and_leaves_the_bundle_alone(model: Model, probe: ClipProbe) -> None:
    before = {name: tensor.clone() for name, tensor in model.bundle.tensors.items()}
    chosen = probe.choose(3)
    trained = probe.maps(chosen)
    # The model that nothing was done to, with BatchNorm not folded, has the same maps.
    plain = probe.randomizable()
    for key, maps in probe.maps(chosen, plain).items():
        np.testing.assert_allclose(maps, trained[key], rtol=1e-2, atol=1e-4 * np.abs(trained[key]).max())
    found = cascade(
        plain,
        lambda acoustic: probe.maps(chosen, acoustic),
        trained=trained,
        parts=acoustic_parts,
        calibrate=probe.calibrate,
        seed=1,
    )
    assert all(torch.equal(before[name], tensor) for name, tensor in model.bundle.tensors.items())
    names = [name for name, _ in acoustic_parts(plain)]
    assert names[:3] == ["head", "lstm", "stage 5"] and names[-1] == "stem"
    assert list(dict.fromkeys(one.step for one in found)) == names
    assert len(found) == len(names) * len(probe.layout.keys)
    last = [one.rank for one in found if one.step == "stem"]
    assert np.isfinite(last).all() and abs(np.mean(last)) < 0.3
