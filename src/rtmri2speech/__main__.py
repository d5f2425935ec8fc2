"""``python -m rtmri2speech``."""

from rtmri2speech.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
