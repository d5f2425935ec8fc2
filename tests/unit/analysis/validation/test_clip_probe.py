"""Maps and responses of a clip, against those of the whole model."""

from __future__ import annotations

import numpy as np
import torch

from rtmri2speech.analysis.attribution.explainer import Explainer
from rtmri2speech.analysis.validation.clip_probe import ClipProbe, acoustic_parts
from rtmri2speech.analysis.validation.randomization import cascade
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.inference.model import Model


def test_the_probes_maps_are_those_of_gradcam(probe: ClipProbe, clip: Clip, model: Model) -> None:
    explainer = Explainer(model.bundle)
    encoded = explainer.encode(clip, [32, 8])
    found = explainer.explain(encoded.features, lambda mel: probe.targets)
    blocks = list(explainer.maps(clip, found.gradients, [32, 8], encoded.kept))
    chosen = probe.choose(5)
    assert len(chosen) == 5 and set(chosen) <= set(probe.speech_frames)
    maps = probe.maps(chosen)
    assert list(maps) == probe.layout.keys
    for key, ours in maps.items():
        index = probe.layout.index(key)
        whole = torch.cat([block.maps[key[0].stride] for block in blocks], dim=1)[index, chosen].numpy()
        np.testing.assert_allclose(ours, whole, rtol=1e-3, atol=1e-5 * np.abs(whole).max())
    np.testing.assert_allclose(found.values.numpy(), probe.values, rtol=1e-4)
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
