"""What the window remembers between two starts: an INI file beside the settings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from app.main_window import WindowState
from core.settings import config_dir


def _file() -> Path:
    return config_dir() / "window.ini"


def _bytes(settings: QSettings, key: str) -> bytes:
    value = settings.value(key)
    return bytes(value.data()) if isinstance(value, QByteArray) else b""


def load() -> tuple[WindowState, str]:
    """The window's state and the library table's (columns, sorting); empty where there is none yet."""
    settings = QSettings(str(_file()), QSettings.Format.IniFormat)
    state = WindowState(
        _bytes(settings, "geometry"), _bytes(settings, "layout"), str(settings.value("view") or "")
    )
    return state, str(settings.value("library") or "")


def save(state: WindowState, library: str) -> None:
    """Write it; a folder that cannot be written costs the memory and nothing else."""
    settings = QSettings(str(_file()), QSettings.Format.IniFormat)
    settings.setValue("geometry", QByteArray(state.geometry))
    settings.setValue("layout", QByteArray(state.layout))
    settings.setValue("view", state.view)
    settings.setValue("library", library)
    settings.sync()
