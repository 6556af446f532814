"""Train: put a run together, watch it learn, compare it with others."""
