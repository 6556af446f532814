"""Tests; a package so that its helpers import as `tests.audio_files` from anywhere."""
