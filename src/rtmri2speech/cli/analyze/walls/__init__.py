"""Commands that move the walls of the tract."""
