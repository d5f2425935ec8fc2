"""Commands under ``analyze`` on the walls of the tract: what moving them does."""
