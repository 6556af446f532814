"""Icons, theme and other files that travel with the program; read through `importlib.resources`."""
