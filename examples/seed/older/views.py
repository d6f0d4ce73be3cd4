"""A class with a method for each verb; verbs that it lacks are 405.

curl -d milk localhost:8080/list
curl -i -X DELETE localhost:8080/list
"""

from muntin import web

ITEMS = web.AppKey("ITEMS", list)


class ShoppingList(web.View):
    async def get(self):
        return web.Response(text="\n".join(self.request.app[ITEMS]))

    async def post(self):
        self.request.app[ITEMS].append(await self.request.text())
        return web.Response(status=201)


def make_app():
    app = web.Application()
    app[ITEMS] = []
    app.router.add_route("*", "/list", ShoppingList)
    return app


if __name__ == "__main__":
    web.run_app(make_app())
