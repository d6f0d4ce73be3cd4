"""Handlers that share an object: its methods, plain or async.

curl localhost:8080/greet/Ada
"""

from muntin import web


class Receptionist:
    def __init__(self):
        self.guests = []

    def introduce(self, request):
        return web.Response(body=b"Please ring the bell")

    async def greet(self, request):
        name = request.match_info.get("name", "stranger")
        self.guests.append(name)
        return web.Response(text=f"Welcome, {name}. Guests so far: {len(self.guests)}")


receptionist = Receptionist()

app = web.Application()
app.router.add_route("GET", "/", receptionist.introduce)
app.router.add_route("GET", "/greet", receptionist.greet)
app.router.add_route("GET", "/greet/{name}", receptionist.greet)

if __name__ == "__main__":
    web.run_app(app)
