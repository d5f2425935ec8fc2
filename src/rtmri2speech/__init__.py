"""rtmri2speech: speech from real-time MRI of the vocal tract, and which articulator made it."""

__version__ = "0.1.0"
