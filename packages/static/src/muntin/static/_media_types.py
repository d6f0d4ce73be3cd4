"""Media types of files, by their names.

Contents are never read. The types that the web and most programs use are in a table of our own, so that a file has the
same type wherever it is served: the platform's table (`/etc/mime.types`, the Windows registry) may lack suffixes or
have them wrong, and Python's grows with its versions. A browser does not run a module that comes as text/plain.
"""

import mimetypes
from typing import Final

__all__ = ["TYPES", "guess_media_type", "media_type_of", "suffix_of"]

_FALLBACK_TYPE: Final = "application/octet-stream"

_SUFFIXES: Final = {
    # Text, and what programs read
    "text/cache-manifest": ".appcache",
    "text/calendar": ".ics .ifb",
    "text/css": ".css",
    "text/csv": ".csv",
    "text/html": ".htm .html .shtml",
    "text/javascript": ".cjs .js .mjs",
    "text/markdown": ".markdown .md",
    "text/n3": ".n3",
    "text/plain": ".bat .c .h .ksh .log .pl .srt .text .txt",
    "text/richtext": ".rtx",
    "text/tab-separated-values": ".tsv",
    "text/turtle": ".ttl",
    "text/vcard": ".vcard .vcf",
    "text/vtt": ".vtt",
    "text/x-python": ".py",
    "text/x-rst": ".rst",
    "text/x-setext": ".etx",
    "text/x-sgml": ".sgm .sgml",
    "application/atom+xml": ".atom",
    "application/cbor": ".cbor",
    "application/dash+xml": ".mpd",
    "application/geo+json": ".geojson",
    "application/gpx+xml": ".gpx",
    "application/json": ".json .map .topojson",
    "application/ld+json": ".jsonld",
    "application/manifest+json": ".webmanifest",
    "application/mathml+xml": ".mathml",
    "application/n-quads": ".nq",
    "application/n-triples": ".nt",
    "application/rdf+xml": ".rdf",
    "application/rss+xml": ".rss",
    "application/toml": ".toml",
    "application/trig": ".trig",
    "application/vnd.google-earth.kml+xml": ".kml",
    "application/wasm": ".wasm",
    "application/wsdl+xml": ".wsdl",
    "application/x-ipynb+json": ".ipynb",
    "application/x-ndjson": ".jsonl .ndjson",
    "application/xhtml+xml": ".xht .xhtml",
    "application/xml": ".xml .xpdl .xsd .xsl",
    "application/xml-dtd": ".dtd",
    "application/xslt+xml": ".xslt",
    "application/yaml": ".yaml .yml",
    "message/rfc822": ".eml .mht .mhtml .nws",
    # Pictures
    "image/apng": ".apng",
    "image/avif": ".avif",
    "image/bmp": ".bmp",
    "image/emf": ".emf",
    "image/fits": ".fits",
    "image/g3fax": ".g3",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/ief": ".ief",
    "image/jpeg": ".jfif .jpe .jpeg .jpg",
    "image/jp2": ".jp2",
    "image/jpm": ".jpm",
    "image/jpx": ".jpx",
    "image/jxl": ".jxl",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/t38": ".t38",
    "image/tiff": ".tif .tiff",
    "image/tiff-fx": ".tfx",
    "image/vnd.adobe.photoshop": ".psd",
    "image/vnd.microsoft.icon": ".cur .ico",
    "image/webp": ".webp",
    "image/wmf": ".wmf",
    "image/x-cmu-raster": ".ras",
    "image/x-portable-anymap": ".pnm",
    "image/x-portable-bitmap": ".pbm",
    "image/x-portable-graymap": ".pgm",
    "image/x-portable-pixmap": ".ppm",
    "image/x-rgb": ".rgb",
    "image/x-xbitmap": ".xbm",
    "image/x-xpixmap": ".xpm",
    "image/x-xwindowdump": ".xwd",
    # Sound and films
    "application/vnd.apple.mpegurl": ".m3u .m3u8",
    "audio/aac": ".aac .adts .ass .loas",
    "audio/basic": ".au .snd",
    "audio/flac": ".flac",
    "audio/matroska": ".mka",
    "audio/midi": ".mid .midi",
    "audio/mp4": ".m4a .m4b",
    "audio/mpeg": ".mp2 .mp3",
    "audio/ogg": ".oga .ogg .opus .spx",
    "audio/wav": ".wav",
    "audio/webm": ".weba",
    "audio/x-aiff": ".aif .aifc .aiff",
    "audio/x-pn-realaudio": ".ra .ram",
    "video/3gpp": ".3gp .3gpp",
    "video/3gpp2": ".3g2 .3gpp2",
    "video/iso.segment": ".m4s",
    "video/matroska": ".mkv",
    "video/mp2t": ".ts",
    "video/mp4": ".m4v .mp4",
    "video/mpeg": ".m1v .mpa .mpe .mpeg .mpg",
    "video/ogg": ".ogv",
    "video/quicktime": ".mov .qt",
    "video/webm": ".webm",
    "video/x-flv": ".flv",
    "video/x-ms-wmv": ".wmv",
    "video/x-msvideo": ".avi",
    "video/x-sgi-movie": ".movie",
    # Fonts and models
    "application/vnd.ms-fontobject": ".eot",
    "font/collection": ".ttc",
    "font/otf": ".otf",
    "font/ttf": ".ttf",
    "font/woff": ".woff",
    "font/woff2": ".woff2",
    "model/3mf": ".3mf",
    "model/gltf+json": ".gltf",
    "model/gltf-binary": ".glb",
    "model/mtl": ".mtl",
    "model/obj": ".obj",
    "model/stl": ".stl",
    "model/vnd.usdz+zip": ".usdz",
    # Documents
    "application/epub+zip": ".epub",
    "application/msword": ".doc .dot .wiz",
    "application/oda": ".oda",
    "application/pdf": ".pdf",
    "application/postscript": ".ai .eps .ps",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xlb .xls",
    "application/vnd.ms-powerpoint": ".pot .ppa .pps .ppt .pwz",
    "application/vnd.oasis.opendocument.graphics": ".odg",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-dvi": ".dvi",
    "application/x-latex": ".latex",
    "application/x-mif": ".mif",
    "application/x-tex": ".tex",
    "application/x-texinfo": ".texi .texinfo",
    "application/x-troff": ".roff .t .tr",
    "application/x-troff-man": ".man",
    "application/x-troff-me": ".me",
    "application/x-troff-ms": ".ms",
    # Data, keys and programs
    "application/java-archive": ".jar .war",
    "application/pkcs7-mime": ".p7c",
    "application/pkix-cert": ".cer",
    "application/pkix-crl": ".crl",
    "application/vnd.android.package-archive": ".apk",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.debian.binary-package": ".deb",
    "application/vnd.sqlite3": ".sqlite .sqlite3",
    "application/x-bcpio": ".bcpio",
    "application/x-bittorrent": ".torrent",
    "application/x-csh": ".csh",
    "application/x-hdf": ".hdf",
    "application/x-hdf5": ".h5",
    "application/x-netcdf": ".cdf .nc",
    "application/x-pem-file": ".pem",
    "application/x-pkcs12": ".p12 .pfx",
    "application/x-python-code": ".pyc .pyo",
    "application/x-rpm": ".rpm",
    "application/x-sh": ".sh",
    "application/x-shockwave-flash": ".swf",
    "application/x-tcl": ".tcl",
    "application/x-wais-source": ".src",
    "application/x-x509-ca-cert": ".crt .der",
    "application/x-xpinstall": ".xpi",
    _FALLBACK_TYPE: ".a .bin .dll .dmg .exe .img .iso .msi .o .so",
    # Archives
    "application/vnd.google-earth.kmz": ".kmz",
    "application/vnd.ms-cab-compressed": ".cab",
    "application/vnd.rar": ".rar",
    "application/x-7z-compressed": ".7z",
    "application/x-cpio": ".cpio",
    "application/x-gtar": ".gtar",
    "application/x-shar": ".shar",
    "application/x-sv4cpio": ".sv4cpio",
    "application/x-sv4crc": ".sv4crc",
    "application/x-tar": ".tar",
    "application/x-ustar": ".ustar",
    "application/zip": ".whl .zip",
}

_CODED: Final = {
    # Files whose own bytes are compressed, whatever is inside. They are sent as they are: with a Content-Encoding the
    # recipient would save something else than it requested, and without one their type is not that of the inside.
    _FALLBACK_TYPE: ".br",
    "application/gzip": ".gz .svgz .taz .tgz .tz",
    "application/x-bzip2": ".bz2 .tb2 .tbz .tbz2 .tz2",
    "application/x-compress": ".z",
    "application/x-lzma": ".lzma .tlz",
    "application/x-xz": ".txz .xz",
    "application/zstd": ".tzst .zst",
}

TYPES: Final = {
    suffix: media_type
    for table in (_SUFFIXES, _CODED)
    for media_type, suffixes in table.items()
    for suffix in suffixes.split()
}
"""Media types by suffix."""

_BY_CODING: Final = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "xz": "application/x-xz",
}
"""Media types of compressed files by their coding, as `mimetypes` calls it."""


def guess_media_type(name: str) -> str | None:
    """Return the media type of a file by the suffix of its name, or None for an unknown suffix.

    Suffixes outside the table are looked up with `mimetypes`, so that `mimetypes.add_type` extends it. The type of a
    file that is compressed is that of the compression.
    """
    suffix = suffix_of(name)
    known = TYPES.get(suffix)
    if known is not None:
        return known
    guessed, coding = mimetypes.guess_type(f"name{suffix}")
    return guessed if coding is None else _BY_CODING.get(coding)


def media_type_of(name: str) -> str:
    """Return the Content-Type for a file name; text is declared to be UTF-8."""
    guessed = guess_media_type(name) or _FALLBACK_TYPE
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def suffix_of(name: str) -> str:
    """Return the last suffix, in lower case, with its dot; empty when there is none, as in `.profile`."""
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""
