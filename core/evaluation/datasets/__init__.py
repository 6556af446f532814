"""Data sets in the layouts in which people have them on disk, each made into tasks. No torch."""
