"""A real Apache, with a configuration that the package prints."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.support import needs
from tests.support.servers import web_server

#: Where systems have the modules.
MODULES = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules")
#: Those that Debian has on without being asked, as far as they matter here; ssl needs the last one.
USUAL = ("mpm_event", "authz_core", "alias", "reqtimeout", "socache_shmcb")

MAIN = """
ServerName localhost
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
StartServers 1
{modules}
<IfModule !unixd_module>
    LoadModule unixd_module {place}/mod_unixd.so
</IfModule>
<IfFile /etc/debian_version>
    User www-data
    Group www-data
</IfFile>
Include {folder}/site.conf
"""


def cache_folder() -> Path:
    """Return a folder that Apache's user may write to, and whose parents it may enter."""
    folder = Path(mkdtemp(prefix="apache-"))
    folder.chmod(0o777)
    return folder


@contextmanager
def printed(folder: Path, text: str, own_port: int) -> Iterator[None]:
    """Run Apache with *text* as a site, and with the modules that it names.

    :param own_port: where Apache listens, as *text* says.
    """
    program = needs.program("apache2", "httpd")
    place = next(path for path in MODULES if Path(path).exists())
    named = re.findall(r"a2enmod (.+)", text)[0].split()
    load = [f"LoadModule {name}_module {place}/mod_{name}.so" for name in (*USUAL, *named)]
    main = MAIN.format(folder=folder, modules="\n".join(load), place=place)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    (folder / "apache.conf").write_text(main, encoding="utf-8")
    command = [program, "-d", os.fspath(folder), "-f", "apache.conf", "-DFOREGROUND"]
    try:
        with web_server(command, folder, own_port):
            yield
    finally:
        for cache in re.findall(r'CacheRoot "(.+)"', text):
            shutil.rmtree(cache, ignore_errors=True)
