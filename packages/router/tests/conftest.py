"""What the tests of the router share."""

import pytest

from muntin.router import Matched, MethodNotAllowed, NotFound


@pytest.fixture(scope="session")
def tell():
    """Put an answer into a word or two: (handler, variables), the methods allowed, or 404."""

    def tell(answer):
        match answer:
            case Matched():
                return answer.route.handler, dict(answer.variables)
            case MethodNotAllowed():
                return answer.allowed
            case NotFound():
                return 404

    return tell
