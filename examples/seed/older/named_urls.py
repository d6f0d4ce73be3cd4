"""URLs built from the names of resources, as text.

curl localhost:8080/
"""

from muntin import web


async def show_links(request):
    search = request.app.named_resource["search"].url(query={"q": "tea", "page": "2"})
    profile = request.app.router["profile"].url(parts={"user": "ada_l"}, query="?tab=notes")
    return web.Response(text=f"{search}\n{profile}\n")


async def show(request):
    return web.Response(text=str(request.rel_url))


app = web.Application()
app.router.add_route("GET", "/", show_links)
app.router.add_resource("/search", name="search").add_route("GET", show)
app.router.add_resource("/{user}/profile", name="profile").add_route("GET", show)

if __name__ == "__main__":
    web.run_app(app)
