"""Configuration of the documentation."""

from __future__ import annotations

from importlib.metadata import version as installed_version

from pallets_sphinx_themes import ProjectLink

project = "Flask-Ipernity"
copyright = "2026, the Flask-Ipernity authors"
release = installed_version("Flask-Ipernity")
version = release.partition(".dev")[0]

extensions = ["sphinx.ext.autodoc", "pallets_sphinx_themes"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
nitpicky = False
exclude_patterns = ["_build"]

html_theme = "flask"
html_context = {"project_links": [ProjectLink("Ipernity", "https://www.ipernity.com/")]}
html_title = f"Flask-Ipernity {version}"
html_show_sourcelink = False
