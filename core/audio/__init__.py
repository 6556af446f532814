"""Audio in, features out. Importing this package brings in no torch."""

SAMPLE_RATE = 16_000
"""Samples a second of everything that is embedded (Hz, mono)."""

SEGMENT = 48_000
"""Samples of one segment: 3 s, what an encoder hears at a time."""
