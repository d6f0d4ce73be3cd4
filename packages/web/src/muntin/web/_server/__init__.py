"""The parts of `server.py`: selecting a handler, responding by it, and recovering from its failure."""
