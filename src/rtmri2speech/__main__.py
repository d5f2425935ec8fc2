"""``python -m rtmri2speech``."""

if __name__ == "__main__":
    # Inside, because every worker process imports this file and needs nothing of it.
    from rtmri2speech.cli.main import main

    raise SystemExit(main())
