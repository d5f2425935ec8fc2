"""The notebooks run from the first cell to the last: on a tiny model and the tiny phantom, in one kernel."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from conftest import MakeBundle
from rtmri2speech.models.bundle.model_file import save_bundle
from rtmri2speech.signal.frames import FrameConfig

pytest.importorskip("nbclient", reason="nbclient is not installed (extra dev)")
pytest.importorskip("ipykernel", reason="ipykernel is not installed (extra dev)")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# What a reader would change: the cell tagged "parameters".
PARAMETERS = {
    "1_speak": "video = Path('videos/000.mp4')\nmodel = r2s.load_model('model.safetensors', 'cpu')",
    "2_maps_and_regions": (
        "video = Path('videos/000.mp4')\nmodel = r2s.load_model('model.safetensors', 'cpu')\nregions = 'template'"
    ),
    "3_dataset": (
        "r2s.prepare('videos', 'dataset', split='recording', workers=1, frames={'size': 64})\n"
        "dataset = r2s.Dataset('dataset')"
    ),
    "4_articulators": "video = Path('videos/000.mp4')\npixel_mm = 1.0",
}


@pytest.mark.process
def test_the_notebooks_run(tmp_path: Path, tiny_phantom: Path, make_bundle: MakeBundle) -> None:
    import nbformat
    from nbclient import NotebookClient

    assert [path.stem for path in NOTEBOOKS] == list(PARAMETERS)
    (tmp_path / "videos").mkdir()
    for number, video in enumerate(sorted(tiny_phantom.rglob("*.mp4"))):
        for suffix in (".mp4", ".wav", ".TextGrid", ".npz"):
            shutil.copy(video.with_suffix(suffix), tmp_path / "videos" / f"{number:03d}{suffix}")
    save_bundle(make_bundle(frames=FrameConfig(size=64)), tmp_path / "model.safetensors")
    # One kernel for all of them: its start takes longer than their work.
    together = nbformat.v4.new_notebook()
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = "from pathlib import Path\n" + PARAMETERS[path.stem]
            together.cells.append(cell)
    environment = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    client = NotebookClient(together, timeout=240, resources={"metadata": {"path": str(tmp_path)}})
    client.create_kernel_manager()
    client.km.kernel_spec.argv[0] = sys.executable
    client.execute(env=environment)
    shown = [output for cell in together.cells if cell.cell_type == "code" for output in cell.outputs]
    kinds = {kind for output in shown for kind in output.get("data", {})}
    assert {"text/html", "image/png"} <= kinds
    assert (tmp_path / "notebook_out" / "maps" / "hirescam_cells.npz").is_file()
    assert (tmp_path / "notebook_out" / "labels" / "000_regions.npz").is_file()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_one_cell_of_parameters_and_names_no_folder_of_anybody(path: Path) -> None:
    import nbformat

    cells = nbformat.read(path, as_version=4).cells
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1
    assert not any(word in path.read_text(encoding="utf-8") for word in ("/home/", "/work/", "/Users/", "C:\\\\"))
