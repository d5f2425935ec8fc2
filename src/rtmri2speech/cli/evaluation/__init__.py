"""The command that measures speech: of a model on a dataset, or of any system in a folder."""
