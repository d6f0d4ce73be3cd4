"""A form with a file, which is sent back as a download.

curl -F song=@tune.mp3 localhost:8080/songs
"""

from multidict import MultiDict

from muntin import web

FORM = """\
<form action="/songs" method="post" accept-charset="utf-8" enctype="multipart/form-data">
  <label>Your song <input name="song" type="file" value=""></label>
  <button>Upload</button>
</form>
"""


async def show_form(request):
    return web.Response(text=FORM, content_type="text/html")


async def store(request):
    form = await request.post()
    song = form["song"]
    name = song.filename.rpartition("/")[2].replace('"', "")
    content = song.file.read()
    headers = MultiDict({"CONTENT-DISPOSITION": f'attachment; filename="{name}"'})
    return web.Response(body=content, headers=headers)


app = web.Application()
app.router.add_route("GET", "/", show_form)
app.router.add_route("POST", "/songs", store)

if __name__ == "__main__":
    web.run_app(app)
