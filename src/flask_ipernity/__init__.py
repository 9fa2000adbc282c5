"""Connects Flask applications to the photo community Ipernity."""

from __future__ import annotations

from .errors import (
    APIRequestError,
    BadAnswer,
    ConfigurationError,
    IpernityError,
    NotFoundError,
    PermissionDenied,
    QuotaExceeded,
    ServiceError,
    ServiceTimeout,
    ServiceUnavailableError,
    SignInError,
    TokenError,
    UnknownMethod,
    UploadError,
)
from .extension import Ipernity, ipernity
from .sign_in.guard import ipernity_auth_required
from .sign_in.tokens import TokenStore
from .signals import (
    Call,
    MediaTransfer,
    api_call_started,
    api_called,
    media_sent,
    media_started,
    sign_in_failed,
    signed_in,
    signed_out,
    signing_in,
    token_revoked,
)

__all__ = [
    "APIRequestError",
    "BadAnswer",
    "Call",
    "ConfigurationError",
    "Ipernity",
    "IpernityError",
    "MediaTransfer",
    "NotFoundError",
    "PermissionDenied",
    "QuotaExceeded",
    "ServiceError",
    "ServiceTimeout",
    "ServiceUnavailableError",
    "SignInError",
    "TokenError",
    "TokenStore",
    "UnknownMethod",
    "UploadError",
    "api_call_started",
    "api_called",
    "ipernity",
    "ipernity_auth_required",
    "media_sent",
    "media_started",
    "sign_in_failed",
    "signed_in",
    "signed_out",
    "signing_in",
    "token_revoked",
]
