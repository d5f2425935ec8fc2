"""Scans as DICOM files of many frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data import dicom
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import MediaError

FRAMES = np.random.default_rng(0).integers(0, 4096, (12, 48, 64))


def write(path: Path, frames: NDArray[Any], bits: int, **tags: object) -> None:
    """An uncompressed MR image as scanners write it."""
    pydicom = pytest.importorskip("pydicom")
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4.1", "1.2.3"
    data = pydicom.dataset.FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.NumberOfFrames, data.Rows, data.Columns = frames.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsStored, data.HighBit, data.PixelRepresentation = bits, bits - 1, 0
    data.BitsAllocated = 8 if bits <= 8 else 16
    for name, value in tags.items():
        setattr(data, name, value)
    data.PixelData = frames.astype(np.uint8 if bits <= 8 else "<u2").tobytes()
    data.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize(
    ("bits", "tags", "rate"),
    [
        (12, {"FrameTime": "36.8"}, Fraction(625, 23)),
        (8, {"CineRate": "25"}, Fraction(25)),
        (12, {"FrameTimeVector": ["0", *["40"] * 11]}, Fraction(25)),
        (12, {"FrameTime": "20", "PhotometricInterpretation": "MONOCHROME1"}, Fraction(50)),
    ],
)
def test_frames_and_times_are_those_of_the_file(
    tmp_path: Path, bits: int, tags: dict[str, object], rate: Fraction
) -> None:
    values = FRAMES >> (12 - bits)
    write(tmp_path / "a.dcm", values, bits, **tags)
    scan = scan_video(tmp_path / "a.dcm")
    assert scan.rate == rate and scan.n_frames == 12
    assert scan.starts == pytest.approx(np.arange(12) / float(rate), abs=1e-9)
    expected = values << (0 if bits == 8 else 4)
    if "PhotometricInterpretation" in tags:
        expected = (4095 << 4) - expected
    assert np.array_equal(np.stack(list(scan.read())), expected)


def test_without_times_the_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", FRAMES, 12)
    with pytest.raises(MediaError, match="does not say when its frames were taken"):
        scan_video(tmp_path / "a.dcm")


def test_what_is_no_dicom_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    (tmp_path / "a.dcm").write_bytes(b"x" * 200)
    with pytest.raises(MediaError, match=r"a\.dcm: cannot be read as DICOM"):
        scan_video(tmp_path / "a.dcm")


def test_files_of_one_frame_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", FRAMES, 12, FrameTime="40")
    write(tmp_path / "one.dcm", FRAMES[:1], 12)
    listing = FolderCorpus((tmp_path,)).listing()
    assert [item.id for item in listing.recordings] == ["a"]
    assert [item.problem for item in listing.remarks] == ["1 DICOM file(s) passed over: one.dcm"]


def test_without_pydicom_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not dicom.dicom_is_read()
    (tmp_path / "a.dcm").write_bytes(b"x")
    (tmp_path / "b.mp4").write_bytes(b"x")
    (remark,) = FolderCorpus((tmp_path,)).listing().remarks
    assert remark.problem == "1 DICOM file(s) passed over: a.dcm" and "rtmri2speech[dicom]" in remark.remedy
    with pytest.raises(MediaError, match="needs pydicom"):
        scan_video(tmp_path / "a.dcm")
