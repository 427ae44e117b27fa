"""Which fonts a pack is set in: those of the lock file first, the system's for other scripts only.

`use_private_fonts` must run before WeasyPrint is imported, which reads the configuration when it starts.
"""

import ctypes
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import escape

PACKAGED = (
    ("font_source_sans_pro", "files"),
    ("font_source_serif_pro", "files"),
    ("matplotlib", "mpl-data", "fonts", "ttf"),
)
SYSTEM = ("/usr/share/fonts", "/usr/local/share/fonts")
SYSTEM_CACHES = ("/var/cache/fontconfig",)
# Both files of a pair have one name, and fontconfig would pick either; colour fonts are drawn unscaled over the text.
CONFIGURATION = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>
{places}
<selectfont>
<rejectfont><glob>*/font_source_*/files/*.otf</glob></rejectfont>
<rejectfont><pattern><patelt name="color"><bool>true</bool></patelt></pattern></rejectfont>
</selectfont></fontconfig>"""
PAGE_BITS = 256
DONE = 0xFFFFFFFF
DRAWN_AS_NOTHING = frozenset({0x200C, 0x200D, 0xFE0E, 0xFE0F})
"""Joiners and variation selectors."""


class _FontSet(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int), ("room", ctypes.c_int), ("fonts", ctypes.POINTER(ctypes.c_void_p)))


def readable_places() -> tuple[Path, ...]:
    """Return what the cage must let a child read beside the installation."""
    return tuple(Path(place) for place in (*SYSTEM, *SYSTEM_CACHES))


def use_private_fonts(folder: Path) -> None:
    """Point fontconfig at a configuration of our own, written into `folder`, and at a cache there."""
    wheels = [_package_folder(*parts) for parts in PACKAGED]
    folders = [*(str(path) for path in wheels if path is not None), *SYSTEM]
    caches = [str(folder / "fontcache"), *SYSTEM_CACHES]
    places = [f"<dir>{escape(path)}</dir>" for path in folders]
    places += [f"<cachedir>{escape(path)}</cachedir>" for path in caches]
    configuration = folder / "fonts.conf"
    configuration.write_text(CONFIGURATION.format(places="\n".join(places)))
    os.environ["FONTCONFIG_FILE"] = str(configuration)


def drawable() -> frozenset[int]:
    """Return every code point that some font here has a glyph for."""
    library = ctypes.CDLL("libfontconfig.so.1")
    library.FcPatternCreate.restype = ctypes.c_void_p
    library.FcObjectSetBuild.restype = ctypes.c_void_p
    library.FcFontList.restype = ctypes.POINTER(_FontSet)
    library.FcCharSetFirstPage.restype = library.FcCharSetNextPage.restype = ctypes.c_uint32
    wanted = ctypes.c_void_p(library.FcObjectSetBuild(b"charset", None))
    found = library.FcFontList(None, ctypes.c_void_p(library.FcPatternCreate()), wanted).contents
    points: set[int] = set()
    for number in range(found.count):
        charset = ctypes.c_void_p()
        if library.FcPatternGetCharSet(ctypes.c_void_p(found.fonts[number]), b"charset", 0, ctypes.byref(charset)) == 0:
            points.update(_points_of(library, charset))
    return frozenset(points | DRAWN_AS_NOTHING)


def name_missing(text: str, points: frozenset[int]) -> str:
    """Return the text with what no font can draw printed as its number: PDF/A allows no missing glyph."""
    missing = {letter for letter in set(text) if ord(letter) not in points and not letter.isspace()}
    return text.translate({ord(letter): f"⟨U+{ord(letter):04X}⟩" for letter in missing})


def _points_of(library: ctypes.CDLL, charset: ctypes.c_void_p) -> Iterator[int]:
    bits, following = (ctypes.c_uint32 * (PAGE_BITS // 32))(), ctypes.c_uint32()
    page = library.FcCharSetFirstPage(charset, bits, ctypes.byref(following))
    while page != DONE:
        for word, value in enumerate(bits):
            yield from (page + word * 32 + bit for bit in range(32) if value >> bit & 1)
        page = library.FcCharSetNextPage(charset, bits, ctypes.byref(following))


def _package_folder(name: str, *parts: str) -> Path | None:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0], *parts)
