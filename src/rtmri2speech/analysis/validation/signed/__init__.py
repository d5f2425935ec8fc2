"""Hz per millimeter, with its sign, compared with that of tubes."""
