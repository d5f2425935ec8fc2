"""What has computed the networks of a model, for results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtmri2speech.models.exported.stages import ExportedVocoder, ran_with

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model


def prepared(model: Model) -> str:
    """Build the networks of a model now, so that what is exported is kept before several processes want it.

    Returns:
        What computes them, as :func:`backend_of` says.

    Raises:
        BundleError: when weights do not fit.
    """
    if model.bundle.tract is not None:
        _ = model.tract_way.segmenter
    elif model.bundle.acoustic is not None:
        _ = model.encoder
    if model.bundle.vocoder is not None:
        _ = model.vocoder
    return backend_of(model)


def backend_of(model: Model) -> str:
    """What computes those networks of a model that have been used: ``torch``, or a library with version and precision.

    It is ``torch`` too where none of them could be left, or was worth leaving, to the library that was wanted.
    """
    built = model.__dict__  # where cached properties are, once they were asked for
    way = built.get("tract_way")
    exported = (
        built.get("encoder") is not None,
        isinstance(built.get("vocoder"), ExportedVocoder),
        way is not None and way.ran_with != "torch",
    )
    return ran_with(model.wanted, any(exported))
