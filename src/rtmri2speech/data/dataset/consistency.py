"""Whether what a vocoder is trained on belongs together: sounds, mels and filelists. Only heads of files are read."""

from __future__ import annotations

from rtmri2speech.data.dataset.layout import FILELISTS, Dataset
from rtmri2speech.data.media.audio import sound_size
from rtmri2speech.errors import DatasetError


def require_sounds(dataset: Dataset, *, own_mels: bool = True) -> None:
    """Make sure that the sound of every training and validation utterance is as long as its mel.

    Args:
        dataset: a prepared dataset.
        own_mels: its own mels are used, and must fit too.

    Raises:
        DatasetError: when a sound or a mel is missing or damaged, or lengths, sampling rate or number of bands
            disagree (names the file and the fields).
        MediaError: when a sound cannot be read.
    """
    features = dataset.meta.features
    for row in (*dataset.of_split("train"), *dataset.of_split("validation")):
        path = dataset.audio_path(row)
        samples, rate = sound_size(path)
        expected = row.n_frames * features.hop_length
        if (samples, rate) != (expected, features.sample_rate):
            raise DatasetError(
                f"{path}: sound and mel disagree: {samples} samples at {rate} Hz, but n_frames {row.n_frames} x "
                f"hop_length {features.hop_length} are {expected} samples at sample_rate {features.sample_rate} Hz.",
                "Run prepare again; it mends it.",
            )
        if own_mels and (bands := dataset.mel_db(row).shape[1]) != features.n_mels:
            raise DatasetError(
                f"{dataset.folder(row) / 'mel_db.npy'}: has {bands} bands, but the dataset has n_mels "
                f"{features.n_mels}.",
                "Run prepare again; it mends it.",
            )


def require_filelists(dataset: Dataset) -> None:
    """Make sure that the lists in ``hifigan_filelists`` name the splits' utterances; a list that is missing is fine.

    They are written for other programs. Training reads ``utterances.csv``, and whoever has changed a list expects
    that it counts.

    Raises:
        DatasetError: when a list is empty or names others.
    """
    for name, split in FILELISTS.items():
        path = dataset.root / "hifigan_filelists" / f"{name}.txt"
        if not path.is_file():
            continue
        # Lists of the released code may have a text after the name.
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        listed = {line.partition("|")[0].strip() for line in lines if line.strip()}
        expected = {row.id for row in dataset.utterances if row.split == split}
        if listed != expected:
            others = f" and {len(listed - expected)} other(s)" if listed - expected else ""
            what = f"names {len(listed & expected)} of the {len(expected)}{others}" if listed else "is empty"
            raise DatasetError(
                f"{path}: {what}, but utterances.csv has {len(expected)} utterance(s) of split {split}.",
                "Run prepare again; it writes the list anew. To leave utterances out, change their split in "
                "utterances.csv and delete the list.",
            )
