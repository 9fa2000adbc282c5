from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import flask_ipernity
from flask_ipernity import client, sandbox

PUBLIC = {
    "APIRequestError",
    "BadAnswer",
    "ConfigurationError",
    "Ipernity",
    "IpernityError",
    "NotFound",
    "PermissionDenied",
    "QuotaExceeded",
    "ServiceError",
    "ServiceTimeout",
    "ServiceUnavailable",
    "SignInError",
    "TokenError",
    "UnknownMethod",
    "UploadError",
    "api_called",
    "ipernity",
    "ipernity_auth_required",
    "sign_in_failed",
    "signed_in",
    "signed_out",
    "token_revoked",
}


def test_the_public_names_are_these() -> None:
    assert set(flask_ipernity.__all__) == PUBLIC
    assert all(hasattr(flask_ipernity, name) for name in PUBLIC)


def imported_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_optional_rooms_are_not_imported_with_the_package() -> None:
    modules = imported_by("import flask_ipernity")
    optional = {"cli", "sandbox", "demo", "login"}
    assert modules.isdisjoint({f"flask_ipernity.{room}" for room in optional})
    assert modules.isdisjoint({"PIL", "flask_login", "redis", "cryptography", "requests"})


def test_the_client_stands_on_errors_and_permissions_alone() -> None:
    for path in Path(client.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level > 1:
                assert (node.level, node.module) in {(2, "errors"), (2, "permissions")}


def test_the_sandbox_stands_on_nothing_of_ours() -> None:
    for path in Path(sandbox.__file__).parent.rglob("*.py"):
        depth = len(path.relative_to(Path(sandbox.__file__).parent).parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= depth
                assert node.level or not (node.module or "").startswith("flask_ipernity")
