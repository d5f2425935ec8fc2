"""The page that shows everything of a folder."""
