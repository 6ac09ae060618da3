"""The media types Cairn tells apart: by first bytes, by file name, by what a ZIP or OLE file holds."""

import re

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
LOCKED = "application/x-encrypted-office"
"""An Office file behind a password, which hides what kind it is."""
UNKNOWN = "application/octet-stream"

MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"\x00\x00\x00\x0cjP  ", "image/jp2"),
    (b"\x01\x00\x00\x00", "image/emf"),
    (b"\xd7\xcd\xc6\x9a", "image/wmf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf", "application/x-7z-compressed"),
    (b"Rar!", "application/vnd.rar"),
    (b"{\\rtf", "application/rtf"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-msdownload"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"SQLite format 3", "application/vnd.sqlite3"),
)
RIFF = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
BRANDS = {b"hei": "image/heic", b"mif": "image/heif", b"avi": "image/avif", b"M4A": "audio/mp4"}
"""Of an ISO media file, by the first letters of its brand; any other is a video."""

NAMES = {
    suffix: media_type
    for media_type, suffixes in {
        "text/markdown": "md markdown mdx",
        "text/html": "html htm xhtml",
        "text/plain": "txt text log ini cfg conf properties srt vtt textile",
        "text/csv": "csv",
        "text/tab-separated-values": "tsv tab",
        "application/json": "json geojson",
        "application/jsonl": "jsonl ndjson",
        "application/x-ipynb+json": "ipynb",
        "application/yaml": "yaml yml",
        "application/toml": "toml",
        "application/xml": "xml xsd xsl",
        "application/docbook+xml": "docbook docbook4 docbook5 dbk",
        "application/jats+xml": "jats nxml",
        "application/tei+xml": "tei",
        "application/x-fictionbook+xml": "fb2",
        "image/svg+xml": "svg",
        "message/rfc822": "eml",
        "application/mbox": "mbox mbx",
        "multipart/related": "mht mhtml",
        "text/x-rst": "rst rest",
        "text/x-tex": "tex latex ltx",
        "text/x-org": "org",
        "text/x-typst": "typ typst",
        "text/asciidoc": "adoc asciidoc asc",
        "text/x-opml": "opml",
        "text/x-python": "py pyi",
        "text/javascript": "js mjs cjs jsx",
        "text/x-typescript": "ts mts cts",
        "text/x-tsx": "tsx",
        "text/x-shellscript": "sh bash zsh",
        "text/x-c": "c h",
        "text/x-c++": "cpp cc cxx hpp hh hxx",
        "text/x-java": "java",
        "text/x-go": "go",
        "text/x-rust": "rs",
        "text/x-csharp": "cs",
        "text/x-ruby": "rb",
        "text/x-php": "php",
        "application/sql": "sql",
        "text/css": "css scss less",
        "text/x-code": "kt kts swift scala lua pl pm r jl hs ex exs erl clj dart vb ps1 bat cmake proto tf",
        "application/pkcs7-signature": "p7s",
        "application/pkcs7-mime": "p7m",
    }.items()
    for suffix in suffixes.split()
}

ZIPPED = {
    "docx": DOCX,
    "xlsx": XLSX,
    "xlsb": XLSB,
    "pptx": PPTX,
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
}
"""By file name, for a ZIP archive too damaged to tell."""
MEMBERS = (("xl/workbook.bin", XLSB), ("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX))
"""By what such an archive holds beside ``[Content_Types].xml``."""
DECLARED = frozenset(ZIPPED.values()) | {
    "application/vnd.oasis.opendocument.text-template",
    "application/vnd.oasis.opendocument.spreadsheet-template",
    "application/vnd.oasis.opendocument.presentation-template",
}
"""What the member ``mimetype`` of an OpenDocument file or a book may say."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STREAMS = (
    ("__properties_version1.0", "application/vnd.ms-outlook", "msg"),
    ("EncryptedPackage", LOCKED, ""),
    ("PowerPoint Document", "application/vnd.ms-powerpoint", "ppt"),
    ("WordDocument", "application/msword", "doc"),
    ("Workbook", "application/vnd.ms-excel", "xls"),
    ("Book", "application/vnd.ms-excel", "xls"),
)
"""An OLE file's kind by the streams it holds, and the file name that settles it when it holds several."""

ROOTS = (
    (re.compile(rb"<(?:\w+:)?FictionBook\b"), "application/x-fictionbook+xml"),
    (re.compile(rb"<(?:\w+:)?(?:TEI|teiCorpus)\b"), "application/tei+xml"),
    (re.compile(rb"<opml\b"), "text/x-opml"),
    (re.compile(rb"<(?:\w+:)?svg\b"), "image/svg+xml"),
    (re.compile(rb"docbook\.org|-//OASIS//DTD DocBook", re.I), "application/docbook+xml"),
    (
        re.compile(rb"-//NLM//DTD|jats\.nlm\.nih\.gov|<article\b[^>]*\b(?:article-type|dtd-version)="),
        "application/jats+xml",
    ),
)
"""A kind of XML by how the file begins."""

REASONS = {
    "image": "needs OCR: it is an image",
    "audio": "needs speech recognition: it is a recording",
    "video": "needs speech recognition: it is a video",
}
"""Why what Cairn recognises cannot be read yet, by the first half of its type."""
