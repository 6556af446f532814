"""Audio, encoders, jobs and the library. Knows no Qt and runs on a server without a screen."""
