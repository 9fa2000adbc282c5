"""A document as its file describes it."""

from __future__ import annotations

from .documents import Doc, DocTag
from .metadata import PhotoMetadata
from .state import SandboxState


def describe(state: SandboxState, doc: Doc, metadata: PhotoMetadata) -> None:
    """Give a document the title, words, keywords, licence and credits of its file.

    What the file does not tell remains. The document has no fields for creator, rights, rating and
    place name; they are among the values of ``doc.getExif``, under ExifTool's names.
    """
    doc.title = metadata.title or doc.title
    doc.description = metadata.description or doc.description
    doc.license = doc.license if metadata.license is None else metadata.license
    doc.location = metadata.location or doc.location
    ids = dict.fromkeys(state.keyword(word).tag_id for word in metadata.keywords)
    doc.tags += [DocTag("keyword", tag_id, doc.owner_id, doc.posted_at) for tag_id in ids]
    credits = {
        "Creator": metadata.creator,
        "Copyright": metadata.copyright,
        "Rating": None if metadata.rating is None else str(metadata.rating),
        "Location": metadata.location,
    }
    doc.exif = {**doc.exif, **{name: text for name, text in credits.items() if text is not None}}
