"""What a speech recognizer understands of the speech: words, letters, morae and phones, with ceiling and floor."""
