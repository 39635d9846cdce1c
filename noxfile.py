# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# /// script
# dependencies = ["nox>=2025.02.09", "antsibull-nox~=1.10"]
# ///

"""The sessions that Ansible's release tooling expects; `make test` is what has to pass."""

import sys

import nox

try:
    import antsibull_nox
except ImportError:
    print("antsibull-nox is needed beside nox: pip install nox antsibull-nox")
    sys.exit(1)

antsibull_nox.load_antsibull_nox_toml()

# Lets `python noxfile.py` work where nox itself is not installed.
if __name__ == "__main__":
    nox.main()
