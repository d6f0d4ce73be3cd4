"""What the tests of the router share."""

import pytest

from muntin.router import Matched, MethodNotAllowed, NotFound


@pytest.fixture(scope="session")
def tell():
    """Put a match into a word or two: (handler, variables), the methods allowed, or 404."""

    def tell(found):
        match found:
            case Matched():
                return found.route.handler, dict(found.variables)
            case MethodNotAllowed():
                return found.allowed
            case NotFound():
                return 404

    return tell
