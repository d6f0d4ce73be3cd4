"""Multipart bodies, read and written part by part, and the forms that most of them are."""

from muntin.web.multipart.forms import FileField
from muntin.web.multipart.reader import BodyPartReader, MultipartReader
from muntin.web.multipart.writer import MultipartWriter

__all__ = ["BodyPartReader", "FileField", "MultipartReader", "MultipartWriter"]
