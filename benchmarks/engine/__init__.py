"""The engine of http-core beside h11, without I/O: the same bytes in, an equal answer out."""
