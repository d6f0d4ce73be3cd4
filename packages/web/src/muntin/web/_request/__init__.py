"""The parts of `request.py`: the head, the addresses, and the body."""
