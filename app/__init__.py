"""The window: PySide6 over `core`; never imported by it."""
