"""What tests share; ``README.md`` says which fake and which fixture is for what."""
