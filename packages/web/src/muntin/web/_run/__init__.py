"""The parts of `run.py` and `__main__.py`: the command line, what is served, where it listens, and reloading."""
