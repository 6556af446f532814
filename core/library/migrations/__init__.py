"""Revisions of the library's schema, oldest first; package data read by alembic."""
