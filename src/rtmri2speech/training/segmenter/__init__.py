"""The segmenter: frames to labels, trained on simulated heads under random looks, adapted from labeled frames."""
