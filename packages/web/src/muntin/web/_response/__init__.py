"""The parts of `response.py` and its kin: fields, cookies, content coding, and how sending is awaited."""
