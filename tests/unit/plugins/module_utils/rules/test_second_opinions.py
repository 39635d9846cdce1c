# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from idstools import rule as idstools_rule
from suricataparser import parse_rule

from ansible_collections.flowops.aws.plugins.module_utils.rules.texts import parse, unquoted
from ansible_collections.flowops.aws.tests.suricata.made import Maker

_HEADER = ("proto", "source_addr", "source_port", "direction", "dest_addr", "dest_port")
RULES = [rule for seed in range(40) for rule in Maker(seed).rules(True)]


@pytest.mark.parametrize("at", range(0, len(RULES), 60))
def test_two_other_parsers_cut_rules_as_ours_does(at: int) -> None:
    for text in RULES[at : at + 60]:
        ours, theirs, third = parse(text), parse_rule(text), idstools_rule.parse(text)
        assert theirs is not None
        assert third is not None
        sid, words = int(ours.value_of("sid") or 0), [option.keyword for option in ours.options]
        assert (ours.action, sid) == (theirs.action, theirs.sid) == (third["action"], third["sid"])
        assert unquoted(ours.value_of("msg")) == (third["msg"] or "")
        assert words == [option.name for option in theirs.options]
        header = (ours.protocol, ours.source, ours.source_port, ours.direction, ours.destination, ours.destination_port)
        assert " ".join(header) == theirs.header
        # One of them does not know lists in lists.
        if not any("[[" in part or "]," in part or ",[" in part for part in header):
            assert header == tuple(third[key] for key in _HEADER)
