"""Hz per millimeter: what a formant does when a wall of the tract is moved, by the model and by physics."""
