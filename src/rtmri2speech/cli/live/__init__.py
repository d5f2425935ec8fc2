"""The command that speaks while frames come."""
