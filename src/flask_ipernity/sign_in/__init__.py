"""The sign-in: between the browser, Ipernity and the session."""
