"""Keeps answers: single flight, versions, a near cache, memory and Redis; no Flask."""
