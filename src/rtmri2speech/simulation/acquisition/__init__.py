"""Scanner and microphone."""
