"""Opening listening sockets without an event loop, before there are processes that share them."""

from muntin.runner._binding import bind_tcp, bind_unix
from muntin.runner._socket_file import SocketFile

__all__ = ["SocketFile", "bind_tcp", "bind_unix"]
