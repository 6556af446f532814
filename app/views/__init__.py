"""One file a view; a view shows and asks, and knows neither the main window nor another view."""
