"""What kind of file it is: by its content first, then by its name.

Knows the common formats' first bytes, so that what cannot be read yet is named in the reason.
"""

import re

MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ", "application/x-xz"),
    (b"7z\xbc\xaf", "application/x-7z-compressed"),
    (b"Rar!", "application/vnd.rar"),
    (b"{\\rtf", "application/rtf"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-msdownload"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"SQLite format 3", "application/vnd.sqlite3"),
)

NAMES = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "text/html",
    "txt": "text/plain",
    "text": "text/plain",
    "log": "text/plain",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "ndjson": "application/jsonl",
    "ipynb": "application/x-ipynb+json",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "toml": "application/toml",
    "xml": "application/xml",
    "svg": "image/svg+xml",
    "eml": "message/rfc822",
    "mbox": "application/mbox",
    "rst": "text/x-rst",
    "tex": "text/x-tex",
    "bib": "text/x-bibtex",
    "org": "text/x-org",
    "typ": "text/x-typst",
    "adoc": "text/asciidoc",
    "css": "text/css",
    "py": "text/x-python",
    "js": "text/javascript",
    "ts": "text/x-typescript",
    "sh": "text/x-shellscript",
    "c": "text/x-c",
    "h": "text/x-c",
    "java": "text/x-java",
    "go": "text/x-go",
    "rs": "text/x-rust",
    "sql": "application/sql",
    "opml": "text/x-opml",
    "fb2": "application/x-fictionbook+xml",
}

ZIPPED = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
}

HEAD = 4096
"""Bytes of a file's beginning that ``recognise`` wants to see."""
_HTML = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_XML = re.compile(rb"^\s*<\?xml\b")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def recognise(head: bytes, name: str) -> str:
    """Return the media type of a file from its first HEAD bytes and its name.

    What is neither known by content nor by name is ``text/plain`` if it looks like text, else
    ``application/octet-stream``.
    """
    suffix = name.rpartition(".")[2].lower()
    if head.startswith(b"PK\x03\x04"):
        return ZIPPED.get(suffix, "application/zip")
    for magic, media_type in MAGIC:
        if head.startswith(magic):
            return media_type
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    if not _textual(head):
        return "application/octet-stream"
    if _HTML.match(head):
        return "text/html"
    named = NAMES.get(suffix)
    if named is not None:
        return named
    return "application/xml" if _XML.match(head) else "text/plain"


def _textual(head: bytes) -> bool:
    if head.startswith(_UTF16):
        return True
    # Control characters other than tab, newlines, form feed and escape hardly occur in text.
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return b"\x00" not in head and control * 100 <= len(head)
