"""Benchmarks of Flask-Ipernity beside the published 0.1.0; run with ``python -m benchmarks``."""
