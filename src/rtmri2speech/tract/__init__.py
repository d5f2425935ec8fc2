"""From labels to the shape of the tract: contours, and the parts of the tongue."""
