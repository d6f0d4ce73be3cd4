"""The printed route table."""

from muntin.router import PlainResource, Router, format_table


def handler():
    """A handler."""


def test_a_line_for_each_handler_of_each_resource():
    router, child, host = Router(), Router(), Router()
    router.add_get(r"/users/{id:\d+}", handler, name="user")
    router.add_delete(r"/users/{id:\d+}", "delete", name="user")
    router.register_resource(PlainResource("/nothing"))
    child.add_view("/x", "x")
    router.mount("/admin", child)
    host.add_put("/y", "y")
    deep = Router()
    deep.add_put("/z", "z")
    host.mount("/deep", deep)
    router.mount_host("*.example.com", host)
    assert format_table(router).splitlines() == [
        "METHODS   PATH                  NAME  HANDLER",
        f"HEAD,GET  /users/{{id}}           user  {__name__}.handler",
        "DELETE    /users/{id}           user  'delete'",
        "-         /nothing                    -",
        "*         /admin/x                    'x'",
        "PUT       *.example.com/y             'y'",
        "PUT       *.example.com/deep/z        'z'",
    ]


def test_an_empty_router():
    assert format_table(Router()) == "METHODS  PATH  NAME  HANDLER"
