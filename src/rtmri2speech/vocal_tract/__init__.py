"""The vocal tract as it is found in frames: labels, contours, the parts of the tongue, what is measured on them."""
