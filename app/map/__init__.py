"""The map's canvas: points in, gestures out; knows nothing of tracks and libraries."""
