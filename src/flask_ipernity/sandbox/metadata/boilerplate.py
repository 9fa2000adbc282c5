"""Texts that cameras and programs write where a title or a caption belongs."""

from __future__ import annotations

import re
import unicodedata

#: As met in files, without punctuation; what the rules below know is not listed.
_KNOWN = """
applemark, ascii, binary comment, charset ascii, cof, created with gimp, dav, default, edf, exif
jpeg picture, exif picture, fbt, file written by adobe photoshop, hdr, hdrpl, jpeg, jpg, lead
technologies inc v1 01, mde, mdsc, mpx, none, nor, null, oznor, oznorwb, ozedf, photo, picture, ptr,
qrf, rbf, rhdr, screenshot, sdr, unknown, untitled, user comments, wbdd
"""
#: Words that say no more than that it is a picture of a camera.
_CAMERA_WORDS = """
a an and by cam camera cameras camcorder cellphone co company corp corporation created device
digital dslr electric electronics file film from gmbh image images imaging inc jpeg jpg limited ltd
made mobile model on optical phone photo photograph picture pictures product series shot slr
smartphone still taken technologies the version video with
"""
#: Makers and their series, as they name themselves although Make and Model have other names.
_MAKERS = """
agfa agfaphoto apple benq canon casio concord epson ericsson fuji fujifilm ge google gopro
hasselblad hp htc huawei jenoptik kodak konica kyocera leica lg medion minolta motorola nikon nokia
olympus oneplus panasonic pentax polaroid praktica premier ricoh rollei samsung sanyo sharp sigma
sony toshiba traveler vivitar xiaomi yashica
coolpix cybershot easyshare exilim finepix galaxy iphone ixus lumix photosmart pixel powershot
scan scanner stylus
"""
#: Words of which one must be there as well, if the camera's own name is not.
_TELLING = {"csc", "dcf", "digimax", "dsc", "exif", "kenox"}

_FILE = re.compile(
    r".*\w\.(?:jpe?g?|jfif|png|tiff?|gif|webp|hei[cf]|avif|bmp|psd|xcf|cr[23w]|nef|arw|dng|orf|rw2"
    r"|raf|mp4|mov)",
    re.IGNORECASE,
)
_CAMERA_FILE = re.compile(
    r"(?:_?(?:IMG|IMGP|IMAG|IMAGE|DSC|DSCN|DSCF|DSCI|DCP|MG|PICT|PIC|SAM|SANY|CIMG|GOPR|DJI|PXL|MVI|VID)"
    r"[_-]?\d{3,}|P\d{6,})[\w-]*|\d{3}[_-]\d{4}",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:^|[\\/])DCIM(?:[\\/]|$)|^[A-Z]:\\|^\\\\|^/\w+/\S+$", re.IGNORECASE)
_DIGITAL_CAMERA = re.compile(r"digital (?:still |video )?(?:camera|camcorder)$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")

_TEXTS = frozenset(" ".join(text.split()) for text in _KNOWN.split(","))
_EMPTY = frozenset(_CAMERA_WORDS.split()) | frozenset(_MAKERS.split()) | _TELLING


def is_boilerplate(text: str, make: str | None = None, model: str | None = None) -> bool:
    """Return whether nobody meant a text as a title: a camera's or a file's name, or words on it.

    A maker's name within a sentence is none: "My first day with the Leica" remains.

    :param make: the maker of the camera as EXIF names it.
    :param model: the camera's name.
    """
    text = " ".join(text.split())
    if _FILE.fullmatch(text) or _CAMERA_FILE.fullmatch(text) or _PATH.search(text):
        return True
    words = _WORD.findall(text)
    folded = [word.casefold() for word in words]
    if not words:
        # dashes and dots; an emoji is meant
        return not any(unicodedata.category(character) == "So" for character in text)
    if " ".join(folded) in _TEXTS:
        return True
    if len(words) <= 6 and _DIGITAL_CAMERA.search(" ".join(words)):
        # a product; in a sentence about one there are words in small letters
        return not any(word.islower() and word not in _EMPTY for word in words)
    camera = {word.casefold() for name in (make, model) if name for word in _WORD.findall(name)}
    if not camera & set(folded) and not _TELLING & set(folded):
        return False
    # digits are the rest of "DCF 1.0" and of "KENOX S630 / Samsung S630"
    return all(word in camera | _EMPTY or any(map(str.isdigit, word)) for word in folded)
