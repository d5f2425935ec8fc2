"""Two folders of sound compared, file by file: recordings, and what any system made from them."""
