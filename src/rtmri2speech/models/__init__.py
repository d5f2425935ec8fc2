"""Networks and the file that holds them."""
