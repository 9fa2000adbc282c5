"""What kind of request it is, which URL may follow a sign-in, and the extension's pages."""
