"""The version, where every module can read it without the package's root."""

__version__ = "0.1.0"
