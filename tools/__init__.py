"""Programs that make files of this project: the typed client, a page of the docs, the photos."""
