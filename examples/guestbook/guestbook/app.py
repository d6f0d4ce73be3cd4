"""The application, assembled."""

from pathlib import Path

from muntin import web
from muntin.web.handlers.health import Health
from muntin.web.middlewares.proxies import trusted_proxies_middleware

from . import api, feed, news, pages
from .drafts import MAX_REQUEST_BYTES
from .entries import DATABASE, check_entries, open_entries
from .problems import explain_problems
from .settings import Settings

STATIC = Path(__file__).parent / "static"

# Everything comes from here, nothing runs that is not a file of ours, and nobody frames us or guesses at types.
PROTECTION = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app(settings: Settings) -> web.Application:
    """Return the guestbook, ready to run."""
    middlewares = [explain_problems]
    if settings.proxies:
        middlewares.insert(0, trusted_proxies_middleware(networks=settings.proxies))
    app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=middlewares)
    app[DATABASE] = settings.database
    app[news.REDIS] = settings.redis
    app[feed.FEED] = feed.Feed()
    app[pages.TEMPLATES] = pages.create_templates(app)
    for routes in (pages.routes, api.routes, feed.routes):
        app.add_routes(routes)
    app.add_routes([web.static("/static", STATIC, name="static", append_version=True)])
    app.on_response_prepare.append(protect)
    app.on_shutdown.append(feed.close_feed)
    app.cleanup_ctx.extend([open_entries, news.open_news])
    Health({"database": check_entries}, delay=settings.delay).install(app)
    return app


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Add the fields that keep a browser from doing what it should not."""
    response.headers.update(PROTECTION)
