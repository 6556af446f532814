"""What an encoder is worth, in figures."""
