"""The API of one application: with its cache, its quota pauses and its log of calls."""
