"""The folder `suite` is run by `test_suite.py`, in processes of their own: on aiohttp, and on muntin in its place."""

collect_ignore = ["suite"]
