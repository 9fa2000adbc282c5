"""The settings of the application that the command runs for, or of the environment."""

from __future__ import annotations

import os

import click
from flask.cli import NoAppException, ScriptInfo

from ...errors import ConfigurationError
from ...settings import Settings
from ...state import current_state
from ..environment import from_environment


def configured_settings() -> Settings:
    """Return the settings of the application, or those of the environment if there is none.

    :raises click.ClickException: they are missing or wrong, or ``Ipernity`` is not set up.
    """
    try:
        info = click.get_current_context().find_object(ScriptInfo)
        if info is not None:
            try:
                app = info.load_app()
            except NoAppException:
                return Settings.read(from_environment(os.environ))
            with app.app_context():
                return current_state().settings
        return Settings.read(from_environment(os.environ))
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
