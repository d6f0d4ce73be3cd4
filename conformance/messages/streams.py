"""What handlers send beyond a finished response: streams, content codings, and what the fields say of framing."""

from multidict import CIMultiDict

from conformance.messages.sides import ask_each

__all__ = ["DIFFERENCES", "cases"]


# Streams


async def stream(web, request, note):
    response = web.StreamResponse(headers={"X-A": "1"})
    note("1", [response.prepared, response.body_length, response.keep_alive])
    await response.prepare(request)
    note("2", [response.prepared, response.body_length])
    await response.write(b"one")
    response.headers["X-Late"] = "1"
    await response.write(bytearray(b"two"))
    await response.write(memoryview(b"three"))
    await response.drain()
    note("3", response.body_length)
    await response.write_eof(b"end")
    await response.write_eof()
    note("4", response.body_length)
    return response


async def stream_left_open(web, request, note):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"one")
    return response


async def stream_of_length(web, request, note):
    response = web.StreamResponse()
    response.content_length = 6
    response.content_type = "text/plain"
    await response.prepare(request)
    await response.write(b"one")
    await response.write(b"two")
    return response


async def stream_of_less(web, request, note):
    response = web.StreamResponse()
    response.content_length = 6
    await response.prepare(request)
    await response.write(b"one")
    await response.write_eof()
    return response


async def stream_of_more(web, request, note):
    response = web.StreamResponse()
    response.content_length = 3
    await response.prepare(request)
    await response.write(b"one")
    await response.write(b"two")
    return response


async def stream_nothing(web, request, note):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"")
    await response.write_eof()
    return response


async def stream_early(web, request, note):
    response = web.StreamResponse()
    await note.of("1", lambda: response.write(b"x"))
    await note.of("2", lambda: response.write_eof())
    await note.of("3", lambda: response.drain())
    await response.prepare(request)
    await note.of("4", lambda: response.write("text"))
    await note.of("5", lambda: response.write(None))
    await response.write_eof(b"x")
    await note.of("6", lambda: response.write(b"x"))
    return response


async def stream_prepared_twice(web, request, note):
    response = web.StreamResponse()
    note("1", (await response.prepare(request)) is None)
    await response.prepare(request)
    await response.write_eof(b"x")
    return response


async def stream_failing(web, request, note):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"one")
    raise RuntimeError("no two")


async def stream_then_raise(web, request, note):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write_eof(b"one")
    raise web.HTTPNotFound


async def stream_and_another(web, request, note):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write_eof(b"one")
    return web.Response(text="two")


async def stream_late_changes(web, request, note):
    response = web.StreamResponse()
    await response.prepare(request)
    await note.of("1", lambda: response.set_status(404))
    await note.of("2", lambda: response.enable_chunked_encoding())
    await note.of("3", lambda: response.enable_compression())
    response.set_cookie("a", "1")
    await response.write_eof(b"x")
    return response


async def stream_compressed(web, request, note):
    response = web.StreamResponse()
    response.enable_compression()
    await response.prepare(request)
    await response.write(b"one")
    await response.write_eof(b"two")
    return response


async def response_prepared(web, request, note):
    response = web.Response(text="hello")
    await response.prepare(request)
    note("1", [response.prepared, response.body_length])
    await response.write_eof()
    note("2", response.body_length)
    return response


async def response_written(web, request, note):
    response = web.Response(text="hello")
    await response.prepare(request)
    await note.of("1", lambda: response.write(b"x"))
    return response


async def response_with_end(web, request, note):
    response = web.Response(text="hello")
    await response.prepare(request)
    await note.of("1", lambda: response.write_eof(b"x"))
    return response


# Coded


async def forced(web, request, note, **keywords):
    response = web.Response(text="hello " * 1000)
    response.enable_compression(**keywords)
    note("1", bool(response.compression))
    return response


async def gzip_forced(web, request, note):
    return await forced(web, request, note, force=web.ContentCoding.gzip)


async def deflate_forced(web, request, note):
    return await forced(web, request, note, force=web.ContentCoding.deflate)


async def identity_forced(web, request, note):
    return await forced(web, request, note, force=web.ContentCoding.identity)


async def true_forced(web, request, note):
    return await forced(web, request, note, force=True)


async def nonsense_forced(web, request, note):
    await note.of("1", lambda: web.Response().enable_compression("gzip"))
    return web.Response()


async def coded_already(web, request, note):
    response = web.Response(body=b"abc", headers={"Content-Encoding": "x-own"})
    response.enable_compression()
    return response


async def hop(web, request, note):
    return web.Response(headers=CIMultiDict([("Connection", "close"), ("Keep-Alive", "x"), ("Trailer", "y")]))


async def transfer(web, request, note):
    return web.Response(text="abc", headers={"Transfer-Encoding": "chunked"})


async def length_lies(web, request, note):
    return web.Response(text="abc", headers={"Content-Length": "5"})


async def returned_exception(web, request, note):
    return web.HTTPNotFound(text="gone")


async def raised_other(web, request, note):
    raise KeyError("x")


async def raised_not_modified(web, request, note):
    raise web.HTTPNotModified(headers={"ETag": '"a"'})


async def unread(web, request, note):
    return web.Response(text="unread")


def cases():
    return ask_each(globals())


DIFFERENCES = {
    "*/stream/[34]": "`body_length`, `output_length`",
    "*/response_prepared/2": "`body_length`, `output_length`",
    "*/stream_early/*": "calls in the wrong order",
    "*/stream_late_changes/1": "calls in the wrong order",
    "*/response_with_end/1": "calls in the wrong order",
    "*/response_written/*": "calls in the wrong order",
    "*/stream_prepared_twice/1": "what `prepare` gives",
    "*/*_forced/answer": "`Vary` with compression",
    "*/stream_compressed/answer": "`Vary` with compression",
    "*/coded_already/answer": "`Vary` with compression",
    "*/nonsense_forced/1": "arguments of a wrong type",
    "*/transfer/answer": "Transfer-Encoding and Connection among the fields",
    "*/hop/answer": "Transfer-Encoding and Connection among the fields",
    "*/length_lies/answer": "a Content-Length that is wrong",
    "kept/stream_of_*/answer": "a Content-Length that is wrong",
    "*/raised_other/answer": "the text of a 500",
    "HEAD/*/answer": "answers to HEAD",
}
