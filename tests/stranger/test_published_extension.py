"""The tests that Flask-Ipernity 0.1.0 published for sign-in and login, against this package.

Only their configuration and the browser's cookies are replaced.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flask_ipernity.sandbox import Sandbox
from tests.support.published import WITHOUT, plain_environment, unpacked

pytestmark = [pytest.mark.network, pytest.mark.slow]

FILES = ("test_00_no_login_no_cache.py", "test_auth.py", "test_login.py")


def test_applications_of_version_0_1_sign_in_as_before(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    suite = unpacked("Flask-Ipernity==0.1.0", request.config, tmp_path) / "tests"
    with Sandbox(callback_url="http://127.0.0.1:9/cb", processing=0.05) as sandbox:
        person = sandbox.people[0]
        config = {
            "flask": {"SECRET_KEY": "test", **sandbox.config()},
            "ipernity": {
                "user_id": person.user_id,
                "username": person.username,
                "realname": person.realname,
                "cookies": {"127.0.0.1": {"/": {"s": "x"}}},
            },
        }
        # JSON is YAML
        (suite / ".test-config.yaml").write_text(json.dumps(config, default=list), "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-v", *WITHOUT, "-c", os.devnull]
            + [str(suite / name) for name in FILES],
            cwd=suite,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env=plain_environment(),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert {call.method for call in sandbox.calls} >= {"auth.getToken"}
    passed = re.findall(r"::(test_\w+)\S* PASSED", done.stdout)
    assert len(passed) == 5
    assert "skipped" not in done.stdout
