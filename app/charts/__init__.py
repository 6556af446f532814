"""Charts: what is drawn with pyqtgraph, and the arithmetic behind it. Nothing here imports torch."""
