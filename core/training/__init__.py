"""Training: what a run is made of (`config`), what it hears (`split`, `sampling`, `views`), and the loop itself.

Importing this package, `config` and `verdicts` brings in no torch: the window's forms are made of them.
"""
