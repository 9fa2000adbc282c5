"""The classes by which PyIpernity's test-suite knows the two ways to sign in."""

from flask_ipernity.client import AuthHandler, DesktopAuthHandler, WebAuthHandler

__all__ = ["AuthHandler", "DesktopAuthHandler", "WebAuthHandler"]
