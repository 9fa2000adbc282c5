from __future__ import annotations

import subprocess
import sys

import pytest

import flask_ipernity

PUBLIC = {
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
}


def test_the_public_names_are_these() -> None:
    assert set(flask_ipernity.__all__) == PUBLIC
    assert all(hasattr(flask_ipernity, name) for name in PUBLIC)


def imported_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.slow
def test_optional_rooms_are_not_imported_with_the_package() -> None:
    modules = imported_by("import flask_ipernity")
    optional = {"cli", "sandbox", "demo", "login"}
    assert modules.isdisjoint({f"flask_ipernity.{room}" for room in optional})
    assert modules.isdisjoint({"PIL", "flask_login", "redis", "cryptography", "requests"})
