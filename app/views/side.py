"""Widgets side by side."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget


def row(
    *widgets: QWidget | None,
    parent: QWidget | None = None,
    wide: QWidget | None = None,
    spacing: int = 10,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> QHBoxLayout:
    """A layout with these widgets from left to right.

    Parameters
    ----------
    widgets
        None is room that gives way.
    parent
        Whose layout it becomes.
    wide
        The widget that takes the room that is left.
    margins
        Left, top, right and bottom.
    """
    layout = QHBoxLayout() if parent is None else QHBoxLayout(parent)
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        else:
            layout.addWidget(widget, 1 if widget is wide else 0)
    return layout
