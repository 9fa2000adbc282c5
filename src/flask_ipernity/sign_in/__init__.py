"""Signs visitors in: between the browser, Ipernity and the session."""
