# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of remediations and of fleets that the tests of their pages share, and a reader of those pages."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import ARN, audit, finding


class Page(HTMLParser):
    """The elements, attributes and text of a page, each in the order of the page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self._silent = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.tags.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)
        self._silent = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element."""
        self.tags.append(f"/{tag}")
        self._silent = False

    def handle_data(self, data: str) -> None:
        """Note text, unless it is a style or a script."""
        if not self._silent:
            self.texts.append(data)

    @property
    def text(self) -> str:
        """The text of the page on one line."""
        return " ".join(" ".join(self.texts).split())


def markdown_text(text: str) -> str:
    """Return Markdown without what it escapes, on one line."""
    return " ".join(unescape(re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text)).split())


def remediation(**members: Any) -> dict[str, Any]:
    """Return the result of a remediation that cut 17 of 18 findings and left one alone."""
    return {
        "firewall_arn": ARN,
        "verdict": "remediated",
        "nothing_else": "proved",
        "partial": False,
        "planned": 17,
        "gone": 17,
        "survived": 0,
        "reborn": 0,
        "ended": 2,
        "inseparable": 1,
        "inseparable_flows": [
            finding(destination_port=53, protocol="udp", reason="shares its 5-tuple with an allowed flow")
        ],
        "dropped": [],
        "collateral_count": 0,
        "collateral": [],
        "by_rule": {
            "no-ssh": {"planned": 16, "gone": 16, "survived": 0, "reborn": 0},
            "threats": {"planned": 1, "gone": 1, "survived": 0, "reborn": 0},
        },
        "flows": [],
        "flow_count_before": 7052,
        "flow_count_after": 7031,
        "rehearsal": {
            "passed": True,
            "flow_operation_ids": ["op-rehearsal-1", "op-rehearsal-2"],
            "flow_request_timestamp": "2026-01-31T12:00:00Z",
            "flow_count": 17,
            "stranger_count": 0,
        },
        "trial": {
            "availability_zone": "eu-central-1a",
            "flow_operation_id": "op-trial",
            "flow_request_timestamp": "2026-01-31T12:00:20Z",
            "flow_count": 1,
            "stranger_count": 0,
        },
        "guards": [
            {"name": "flow_remediate_max_flows", "value": 17, "limit": 1000, "passed": True},
            {"name": "flow_remediate_max_percent", "value": "0.24 %", "limit": "10 %", "passed": True},
        ],
        "flush_count": 2,
        "flow_operations": [
            {
                "availability_zone": zone,
                "flow_operation_id": f"op-{zone}",
                "flow_operation_status": "COMPLETED",
                "flow_request_timestamp": "2026-01-31T12:00:40Z",
                "minimum_flow_age": 61,
                "flow_filters": [{}, {}],
                "flow_count": 8,
            }
            for zone in ("eu-central-1a", "eu-central-1b")
        ],
        "caller_identity": {"arn": "arn:aws:sts::123456789012:assumed-role/flow-remediation/awx-7"},
        "began_at": "2026-01-31T11:59:50Z",
        "ended_at": "2026-01-31T12:01:10Z",
        "plan_hash": "9f86d081884c7d65",
        "evidence": {"path": "/srv/evidence/20260131T115950Z", "manifest_sha256": "ab12"},
        "versions": {"flowops.aws": "0.1.0", "ansible-core": "2.19.4", "botocore": "1.44.5"},
        **members,
    }


def result(name: str, **members: Any) -> dict[str, Any]:
    """Return the audit result of the firewall of that name."""
    return audit(**{"firewall_arn": ARN.replace("egress", name), "firewall_name": name, **members})


def kept(name: str, **members: Any) -> dict[str, Any]:
    """Return the result of a firewall without findings."""
    return result(name, **{"verdict": "compliant", "findings": [], "findings_total": 0, "counts": {}, **members})
