"""The parts of `application.py`: what it shares, how it lives, and what stands around its handlers."""
