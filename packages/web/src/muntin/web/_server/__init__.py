"""The parts of `server.py`: selecting a handler, answering by it, and recovering where that failed."""
