"""The library: one SQLite file through SQLAlchemy. Imports no torch, so that the window opens before torch does."""
