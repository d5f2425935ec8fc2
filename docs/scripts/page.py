"""The image of the page that ``rtmri2speech report`` makes, from a demo's: ``docs/images/page.png``.

rtmri2speech demo --out FOLDER
python docs/scripts/page.py FOLDER/page.html        # needs playwright and a Chromium on the system
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGE = Path(__file__).parents[1] / "images" / "page.png"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SIZE = {"width": 1280, "height": 860}
# For what the page draws when it has opened.
SETTLED_MS = 2500


def photograph(page: Path, image: Path) -> None:
    """Open the page in the system's Chromium and save what is seen first."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport=SIZE, color_scheme="light")
        tab.goto(page.resolve().as_uri())
        tab.wait_for_timeout(SETTLED_MS)
        tab.screenshot(path=image)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="image of a report's page")
    parser.add_argument("page", type=Path, help="the .html file")
    photograph(parser.parse_args().page, IMAGE)


if __name__ == "__main__":
    main()
