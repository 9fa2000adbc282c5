"""Our client under the name of PyIpernity's package, for PyIpernity's own test-suite."""

from flask_ipernity import APIRequestError, IpernityError, UnknownMethod, UploadError
from flask_ipernity.client import IpernityAPI

__all__ = ["APIRequestError", "IpernityAPI", "IpernityError", "UnknownMethod", "UploadError"]
