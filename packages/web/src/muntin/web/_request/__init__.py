"""The parts of `request.py`: what the head says, who sent it, and the body on its way to its reader."""
