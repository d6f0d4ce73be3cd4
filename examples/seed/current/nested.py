"""An application inside another one, and URLs that lead into it.

curl localhost:8080
curl localhost:8080/admin/users/ada
"""

from muntin import web

ADMIN = web.AppKey("ADMIN", web.Application)


async def show_user(request: web.Request) -> web.Response:
    return web.Response(text=f"user {request.match_info['name']}")


async def link_user(request: web.Request) -> web.Response:
    url = request.app[ADMIN].router["user"].url_for(name="ada")
    return web.Response(text=str(url))


admin = web.Application()
admin.add_routes([web.get("/users/{name}", show_user, name="user")])

app = web.Application()
app.add_subapp("/admin/", admin)
app[ADMIN] = admin
app.add_routes([web.get("/", link_user)])

if __name__ == "__main__":
    web.run_app(app)
