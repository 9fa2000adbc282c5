"""Connects Flask applications to the photo community Ipernity."""
