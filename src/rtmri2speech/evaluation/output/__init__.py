"""What an evaluation writes: metrics, tables in Markdown, the figure sheet."""
