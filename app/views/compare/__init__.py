"""Compare: what encoders are worth, in charts, tables and lists of what they confuse."""
