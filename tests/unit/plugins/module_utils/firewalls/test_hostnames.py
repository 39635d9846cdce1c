# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.hostnames import HostName, host_names, is_machine
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.firewalls.records import ACCOUNT, OTHER, record

BY_NAME = [HostName("name")]


@pytest.mark.parametrize(
    ("hostnames", "name"),
    [
        (["name"], "egress"),
        (["arn"], f"arn:aws:network-firewall:us-east-1:{ACCOUNT}:firewall/egress"),
        (["tag:Name", "name"], "edge-1.example"),
        (["tag:None", "tag:Name"], "edge-1.example"),
        (["tag:None"], "egress"),
        (["tag:Empty"], "egress"),
        ([{"name": "name", "prefix": "account_id"}], f"{ACCOUNT}_egress"),
        ([{"name": "tag:Name", "prefix": "region", "separator": "."}], "us-east-1.edge-1.example"),
        ([{"name": "name", "prefix": "tag:None"}], "egress"),
        ([{"name": "name", "separator": "-"}], "egress"),
        (["tag:Odd"], "a_b"),
        (["tag:Template"], "lookup_pipe_id"),
        (["tag:Up"], "etc_passwd"),
        (["tag:Nothing"], "egress"),
        (["tag:Umlaut"], "Köln_1"),
    ],
)
def test_where_the_name_of_a_host_comes_from(hostnames: list[Any], name: str) -> None:
    tags = {
        "Name": "edge-1.example",
        "Empty": "",
        "Odd": " a,: b\n",
        "Template": "{{ lookup('pipe', 'id') }}",
        "Up": "../../etc/passwd",
        "Nothing": "{{}}",
        "Umlaut": "Köln 1",
    }
    names, warnings = host_names([record(tags=tags)], [HostName.of(entry) for entry in hostnames], {})
    assert (names, warnings) == ([name], [])


@pytest.mark.parametrize(
    "entry",
    [
        "tag:",
        "Name",
        "",
        None,
        7,
        {"prefix": "name"},
        {"name": "name", "prefix": "nobody"},
        {"name": "name", "separator": "/"},
        {"name": "name", "separator": 1},
        {"name": "name", "suffix": "region"},
        {"name": ["name"]},
        {"name": {"tag": "x"}},
        {"name": "name", "prefix": {"a": "b"}},
        {"name": "name", "prefix": ["region"]},
    ],
)
def test_an_entry_of_hostnames_that_is_none(entry: Any) -> None:
    with pytest.raises(FlowOpsError, match="^hostnames: "):
        HostName.of(entry)


def test_firewalls_of_one_name_both_give_way() -> None:
    records = [record(), record(region="eu-west-1"), record("inspection"), record(account=OTHER)]
    names, warnings = host_names(records, BY_NAME, {})
    assert names == [
        f"egress_us-east-1_{ACCOUNT}",
        f"egress_eu-west-1_{ACCOUNT}",
        "inspection",
        f"egress_us-east-1_{OTHER}",
    ]
    (warning,) = warnings
    assert "'egress'" in warning
    for item, name in zip(records, names, strict=True):
        assert (f"{item['firewall_arn']} is {name}" in warning) is (item["firewall_name"] == "egress")


def test_firewalls_of_one_tag_in_one_region_and_account() -> None:
    records = [record(name, tags={"Name": "edge"}) for name in ("a", "b")]
    names, _warnings = host_names(records, [HostName("tag:Name")], {})
    assert names == [f"edge_us-east-1_{ACCOUNT}_a", f"edge_us-east-1_{ACCOUNT}_b"]


def test_a_tag_that_is_made_to_look_like_another_firewalls_name() -> None:
    forged = f"egress_us-east-1_{ACCOUNT}"
    records = [
        record(),
        record(region="eu-west-1"),
        record("x", tags={"Name": forged}),
        record("y", tags={"Name": f"{forged}_egress"}),
        record("z", tags={"Name": f"{forged}_us-east-1_{ACCOUNT}"}),
    ]
    names, _warnings = host_names(records, [HostName("tag:Name"), HostName("name")], {})
    assert len(set(names)) == len(records)


def test_names_that_are_something_elses_already() -> None:
    other = record(region="eu-west-1")["firewall_arn"]
    records = [record("all"), record(), record("known"), record("known", region="eu-west-1")]
    taken = {"all": "", "localhost": "", "egress": other, "known": records[2]["firewall_arn"]}
    names, warnings = host_names(records, BY_NAME, taken)
    # The same firewall under its name of another source stays one host.
    assert names == [
        f"all_us-east-1_{ACCOUNT}",
        f"egress_us-east-1_{ACCOUNT}",
        "known",
        f"known_eu-west-1_{ACCOUNT}",
    ]
    assert len(warnings) == 3
    assert all("taken" in warning for warning in warnings)


def test_a_firewall_keeps_the_name_that_another_source_gave_it() -> None:
    records = [record(), record(region="eu-west-1"), record("inspection")]
    arns = [item["firewall_arn"] for item in records]
    long = [f"egress_us-east-1_{ACCOUNT}", f"egress_eu-west-1_{ACCOUNT}"]
    # The other source had both regions, and this one has one of them.
    assert host_names(records[:1], BY_NAME, {long[0]: arns[0], long[1]: arns[1]}) == ([long[0]], [])
    # The first of two names, and the one that is wanted before any other.
    assert host_names(records[2:], BY_NAME, {"a": arns[2], "b": arns[2]}) == (["a"], [])
    assert host_names(records[2:], BY_NAME, {"a": arns[2], "inspection": arns[2]}) == (["inspection"], [])
    # The name that the first does without is still not the other's alone.
    names, (warning,) = host_names(records, BY_NAME, {long[0]: arns[0]})
    assert names == [*long, "inspection"]
    assert "more than one firewall" in warning


@pytest.mark.parametrize(
    ("variables", "machine"),
    [
        ({}, False),
        ({"mine": 1, "region": "on-prem", "ansible_python_interpreter": "/usr/bin/python3"}, False),
        ({"ansible_connection": "local"}, False),
        ({"ansible_connection": "ansible.builtin.local"}, False),
        ({"ansible_connection": "ssh"}, True),
        ({"ansible_connection": "{{ how }}"}, True),
        ({"ansible_host": "10.0.0.5"}, True),
        ({"ansible_port": 2222}, True),
        ({"ansible_user": "root"}, True),
        ({"ansible_ssh_private_key_file": "key"}, True),
        ({"instance_id": "i-0a"}, True),
    ],
)
def test_what_shows_that_a_host_is_a_machine_of_its_own(variables: dict[str, Any], machine: bool) -> None:
    assert is_machine(variables) is machine


def test_a_warning_on_many_firewalls_stays_short() -> None:
    records = [record(account=f"{number:012}") for number in range(300)]
    names, (warning,) = host_names(records, BY_NAME, {})
    assert len(set(names)) == 300
    assert len(warning) < 1000
    assert "295 more" in warning


_NAMES = st.sampled_from(["a", "b", "a_us-east-1_111122223333", "a_eu-west-1_111122223333", "all", "", "{{}}"])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "all", "c"]),
            st.sampled_from(["us-east-1", "eu-west-1"]),
            st.sampled_from([ACCOUNT, OTHER]),
            _NAMES,
        ),
        unique_by=lambda item: item[:3],
    )
)
def test_no_firewall_is_ever_lost(fleet: list[tuple[str, str, str, str]]) -> None:
    records = [record(name, region, account, tags={"Name": tag}) for name, region, account, tag in fleet]
    names, warnings = host_names(records, [HostName("tag:Name"), HostName("name")], {"all": ""})
    assert len(set(names)) == len(records)
    assert "all" not in names
    wanted = Counter(item["tags"]["Name"].strip("{}") or item["firewall_name"] for item in records)
    assert bool(warnings) is (max(wanted.values(), default=0) > 1 or "all" in wanted)
