"""A guestbook: one page, a JSON API, and a feed that shows new entries in every open window as they are written."""
