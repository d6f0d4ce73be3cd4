"""The servers under load, each a program of its own: `python -m benchmarks.servers.<name> --port 8000`."""
