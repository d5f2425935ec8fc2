"""The vocal tract as it is found in frames: labels, contours, what is measured on them."""
