"""What the API client and the media proxy share: connections, redaction, Retry-After."""
