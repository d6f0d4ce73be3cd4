"""The texts of errors."""

from muntin.http_core import LocalProtocolError, RemoteProtocolError


def test_errors_carry_the_status_of_the_response() -> None:
    remote = RemoteProtocolError(413, "body too large")
    assert (remote.status, remote.reason, str(remote)) == (413, "body too large", "413: body too large")
    local = LocalProtocolError("not now")
    assert (local.status, local.reason, str(local)) == (500, "not now", "not now")
