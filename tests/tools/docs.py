# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the documentation site with antsibull-docs and Sphinx; a warning is a failure."""

from __future__ import annotations

import re
import shutil
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

if not __package__:
    # make runs this file as a script.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".venv" / "collections"))

from ansible_collections.flowops.aws.tests.tools import running

SITE = running.CACHE / "docs"
COLLECTION = TITLE = "flowops.aws"

ANSIBLE_DOCS = "https://docs.ansible.com/projects/ansible/latest/"
# What the generated pages refer to in Ansible's own documentation, whose inventory would have to be fetched.
LABELS = {
    "action_plugins": ("plugins/action.html#action-plugins", "Action plugins"),
    "ansible_configuration_settings": (
        "reference_appendices/config.html#ansible-configuration-settings",
        "Ansible Configuration Settings",
    ),
    "common_return_values": (
        "reference_appendices/common_return_values.html#common-return-values",
        "Return Values",
    ),
}
VARIABLES = (
    "ANSIBLE_CACHE_PLUGIN",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION",
    "ANSIBLE_CACHE_PLUGIN_PREFIX",
    "ANSIBLE_CACHE_PLUGIN_TIMEOUT",
)

# Nothing is fetched while building, so that it needs no network.
CONF = f"""\
project = "{TITLE}"
copyright = "flowops.aws contributors"
title = "{TITLE}"
html_title = "{TITLE}"
html_short_title = "{TITLE}"
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "sphinx_ansible_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {{"topbar_links": {{}}}}
html_show_sphinx = False
html_use_smartypants = True
html_use_modindex = False
html_use_index = False
html_copy_source = False
default_role = "any"
nitpicky = True
intersphinx_mapping = {{"ansible": ("{ANSIBLE_DOCS}", "ansible.inv")}}
intersphinx_timeout = 5
"""

# The theme cuts long names off at the edge of the menu.
STYLE = ".wy-menu-vertical a { overflow-wrap: anywhere; }\n"


def inventory(labels: Mapping[str, tuple[str, str]], variables: Sequence[str]) -> bytes:
    """Return a Sphinx inventory (version 2) of labels, each with its page and title, and of environment variables."""
    lines = [f"{name} std:label -1 {page} {title}" for name, (page, title) in labels.items()]
    lines += [f"{name} std:envvar 1 reference_appendices/config.html#envvar-$ -" for name in variables]
    header = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: latest\n"
    header += "# The remainder of this file is compressed using zlib.\n"
    return header.encode() + zlib.compress("".join(f"{line}\n" for line in lines).encode())


def labels_of_others(text: str) -> dict[str, tuple[str, str]]:
    """Return the labels of other collections' plugins that pages refer to, each with its page and title."""
    found = re.findall(r"\bansible_collections\.(\w+)\.(\w+)\.(\w+_(?:module|lookup|inventory))\b", text)
    found += [
        (namespace, collection, f"{name}_{kind}")
        for namespace, collection, name, kind in re.findall(r":ansplugin:`(\w+)\.(\w+)\.(\w+)#(\w+)", text)
    ]
    return {
        f"ansible_collections.{namespace}.{collection}.{page}": (
            f"collections/{namespace}/{collection}/{page}.html",
            f"{namespace}.{collection}.{page.rpartition('_')[0]}",
        )
        for namespace, collection, page in sorted(set(found))
        if f"{namespace}.{collection}" != COLLECTION
    }


def own_index(text: str) -> str:
    """Return the index with the collection's own name as its title, and in the menu each part under its heading."""
    lines, heading = [], ""
    for line, following in zip(text.splitlines(), [*text.splitlines()[1:], ""], strict=True):
        if re.fullmatch(r"([-~=])\1+", following) and len(following) == len(line):
            heading = "" if following[0] == "=" else line
        lines.append(line)
        if line == ".. toctree::" and heading:
            lines.append(f"    :caption: {heading}")
    return "\n".join(lines).replace("\nFlowops.Aws\n", f"\n{TITLE}\n") + "\n"


def build(run: running.Runner) -> None:
    """Build the site below .cache/docs; every warning of the tools is a problem."""
    shutil.rmtree(SITE, ignore_errors=True)
    rst = SITE / "rst"
    # antsibull-docs demands that nobody else may write there.
    rst.mkdir(parents=True, mode=0o755)
    command: list[str | Path] = [running.tool("antsibull-docs"), "collection", "--use-current", "--squash-hierarchy"]
    output = run.check([*command, "--fail-on-error", "--dest-dir", rst, COLLECTION], SITE)
    run.result.problems += [f"antsibull-docs: {line}" for line in re.findall(r"^(?:WARNING|ERROR).*$", output, re.M)]
    if run.result.problems:
        return
    index = rst / "index.rst"
    index.write_text(own_index(index.read_text(encoding="utf-8")), encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in rst.rglob("*.rst"))
    # Sphinx looks for it beside the pages.
    (rst / "ansible.inv").write_bytes(inventory({**LABELS, **labels_of_others(text)}, VARIABLES))
    (SITE / "_static").mkdir()
    (SITE / "_static" / "site.css").write_text(STYLE, encoding="utf-8")
    (SITE / "conf.py").write_text(CONF, encoding="utf-8")
    sphinx: list[str | Path] = [running.tool("sphinx-build"), "-M", "html", rst, SITE / "build", "-c", SITE]
    run.check([*sphinx, "-W", "--keep-going", "--quiet"], SITE)
    pages = sorted((SITE / "build" / "html").rglob("*.html"))
    guides = [path for path in pages if path.name.startswith("guide_")]
    written = sorted((running.ROOT / "docs" / "docsite" / "rst").glob("guide_*.rst"))
    if not written or len(guides) != len(written):
        run.result.problems.append(f"{len(guides)} of {len(written)} guides are in the site")
    run.result.summary = f"{len(pages)} pages, {len(guides)} guides"


def main() -> int:
    """Build the site, say where it is and return the exit status."""
    result = running.run_stage("docs", build)
    running.report(result)
    if not result.problems:
        print(f"open {(SITE / 'build' / 'html' / 'index.html').relative_to(running.ROOT)}")
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
