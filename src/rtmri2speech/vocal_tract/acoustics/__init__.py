"""Acoustics of the vocal tract as a tube: without losses, as the phantom's truth has it, and with all of them."""
