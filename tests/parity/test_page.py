"""The page of applications beside aiohttp's: each row of what differs is of an application that is tried."""

import re
from pathlib import Path
from typing import Any


def test_each_row_is_of_an_application_and_a_request_that_are_tried(rows: Any) -> None:
    tried = "".join(path.read_text() for path in Path(__file__).parent.glob("test_responses_of_*.py"))

    assert len(rows) > 15
    for application, request in rows:
        name = application.replace("-", "_")
        assert re.search(rf"^def {name}\(side: Any\)", tried, re.M), application
        assert f'"{request}"' in tried, request
