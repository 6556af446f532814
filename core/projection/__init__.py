"""Maps of vectors: neighbours, methods, alignment, placing, quality. What the window needs is NumPy and SciPy alone."""
