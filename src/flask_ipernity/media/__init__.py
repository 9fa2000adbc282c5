"""Serves photos, audio and video of Ipernity through the application's own address."""
