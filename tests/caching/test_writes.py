"""The table of what a call changes is held against the sandbox, method by method."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from flask_ipernity import APIRequestError, ipernity
from flask_ipernity.client.methods import all_methods, service_of
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.caching_app import caching
from tests.support.method_arguments import ARGUMENTS, FilledSandbox

WRITES = [name for name, method in all_methods().items() if method.post]
READS = [
    name
    for name, method in all_methods().items()
    if method.cacheable and name != "explore.groups.getRandom"
]

#: What these change is in no answer to the arguments of the test.
NOT_SEEN = {
    "doc.albums.add",
    "doc.notes.edit",
    "faves.albums.remove",
    "faves.docs.add",
    "folder.create",
    "folder.orderList",
    "group.docs.add",
    "upload.file",
    "upload.replace",
}


def test_the_table_has_every_method_that_writes_and_no_service_that_does_not_exist() -> None:
    assert {*WRITES, "upload.checkTickets"} == {
        name for name, method in all_methods().items() if method.invalidates
    }
    services = {service_of(name) for name in READS}
    for method in all_methods().values():
        assert method.invalidates is not None
        assert method.invalidates <= services


def test_what_is_kept_is_what_only_reads() -> None:
    live = {name for name, method in all_methods().items() if not method.cacheable}
    others = {"account.getQuota", "auth.checkToken", "auth.getFrob", "auth.getToken"}
    assert live == {*WRITES, "upload.checkTickets", *others}


@pytest.mark.slow
@pytest.mark.parametrize("write", WRITES)
def test_after_a_write_the_writer_reads_what_is_true(
    make_app: MakeApp, sandbox: Sandbox, write: str
) -> None:
    filled = FilledSandbox(sandbox)
    params = {name: ARGUMENTS[name](filled) for name in [*READS, write]}
    app = caching(make_app, "memory")
    with app.app_context():
        api = ipernity.api_for(filled.api.token)

        def read(method: str, cached: bool) -> Any:
            try:
                answer = api.call(method, cached=cached, **params[method])
            except APIRequestError as error:
                return error.code
            return {name: value for name, value in answer.items() if name != "api"}

        before = {method: read(method, True) for method in READS}
        with suppress(APIRequestError):
            api.call(write, **params[write])
        true = {method: read(method, False) for method in READS}
        assert {method: read(method, True) for method in READS} == true
    if write not in NOT_SEEN:
        assert before != true
