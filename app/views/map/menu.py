"""The map's menu: another way to lay it out, drawing it anew, writing it to a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app import encoder_titles
from app.map import showing
from app.mapping import METHODS, Mapping
from app.views.map import export, words
from app.views.map.stage import Stage

ANEW = "Lay all tracks out again, beginning from where they lie now."


class MapMenu:
    """Fills a menu and keeps it true.

    Parameters
    ----------
    menu, mapping, stage
        What is filled, whose map, and where it is.
    parent
        Whose dialogs these are.
    """

    def __init__(self, menu: QMenu, mapping: Mapping, stage: Stage, parent: QWidget) -> None:
        self._mapping, self._stage, self._parent = mapping, stage, parent
        theme = mapping.session.theme
        self.methods: dict[str, QAction] = {}
        for name in METHODS:
            title, tip = words.METHODS[name]
            self.methods[name] = menu.addAction(title, partial(mapping.set_method, name))
            self.methods[name].setCheckable(True)
            self.methods[name].setToolTip(tip)
        menu.addSeparator()
        self.anew = menu.addAction("Draw anew", partial(mapping.draw, anew=True))
        theme.set_icon(self.anew, "retry")
        menu.addSeparator()
        self.export = menu.addAction("Export…", self.ask_export)
        theme.set_icon(self.export, "export")
        self.refresh()

    def refresh(self) -> None:
        """Allow what can be done now."""
        mapping = self._mapping
        for name, action in self.methods.items():
            action.setChecked(name == mapping.method)
        shown, drawn = mapping.drawing is not None, mapping.job is not None
        reason = "it is being drawn." if drawn else "" if shown else "there is no map yet."
        self.anew.setEnabled(not reason)
        self.anew.setToolTip(f"{ANEW}\nNot now: {reason}" if reason else ANEW)
        self.export.setEnabled(shown)
        tip = "Write the map as a picture (PNG), a drawing (SVG) or a table (CSV)."
        self.export.setToolTip(tip if shown else f"{tip}\nNot now: there is no map yet.")

    def ask_export(self) -> None:
        """Ask where to, and write it."""
        name, kind = QFileDialog.getSaveFileName(self._parent, "Export the map", "map.png", export.KINDS)
        if name:
            known = Path(name).suffix.lower() in export.SUFFIXES
            wanted = next((suffix for suffix in export.SUFFIXES if f"*{suffix}" in kind), ".png")
            self.export_to(Path(name) if known else Path(name + wanted))

    def export_to(self, path: Path) -> None:
        """Write the map; the suffix names the kind."""
        stage, session = self._stage, self._mapping.session
        if stage.drawing is None or stage.scheme is None or stage.scheme.n != len(stage.drawing):
            return
        title = encoder_titles.choice(stage.drawing.encoder).title
        sentence, colours = words.plain(words.summary(stage.drawing, title)), session.theme.colours
        what = export.Shown(
            stage.drawing, stage.scheme, stage.shown, stage.hues.of(colours), colours, sentence
        )

        def done(_: None) -> None:
            session.notifier.done(f"The map was written: {path.name}", str(path))

        if path.suffix.lower() == ".csv":
            session.ask(partial(export.write_table, path, what), done)
        elif path.suffix.lower() == ".svg":
            session.background.run(partial(export.write_drawing, path, what), done)
        else:
            image = export.picture(showing.picture(stage.canvas, export.PICTURE, export.RATIO), what)
            session.background.run(partial(export.write_picture, path, image), done)
