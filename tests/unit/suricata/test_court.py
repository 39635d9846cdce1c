# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ansible_collections.flowops.aws.tests.suricata.court import Count, compare, rules_as_read
from ansible_collections.flowops.aws.tests.suricata.engine import NoSuricataError, find, without_order
from ansible_collections.flowops.aws.tests.suricata.made import HOME_NET, Maker
from ansible_collections.flowops.aws.tests.suricata.pcap import ICMP, TCP, Flow, packets_of, write
from ansible_collections.flowops.aws.tests.suricata.talks import OVER_TCP, talks_over

FLOW = Flow("10.0.0.5", "93.184.216.34", 40000, 443, TCP)


def test_without_a_suricata_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_more: None)
    with pytest.raises(NoSuricataError, match="There is no suricata on this machine"):
        find()
    other = tmp_path / "suricata"
    other.write_text("#!/bin/sh\necho 'This is Suricata version 8.0.1 RELEASE'\n")
    other.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda *_args, **_more: str(other))
    with pytest.raises(NoSuricataError, match="is not Suricata 7, but says"):
        find()


def program(code: bytes, name: bytes = b"SCSigRegisterSignatureOrderingFuncs") -> bytes:
    """A 64-bit ELF file for x86-64 with one loaded segment, in which an exported function begins with some code."""
    names = b"\0other\0" + name + b"\0"
    symbols = struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0)
    symbols += struct.pack("<IBBHQQ", 1, 17, 0, 1, 0x5008, 4) + struct.pack("<IBBHQQ", 7, 17, 0, 1, 0x5004, 4)
    data = b"abcd" + code + b"wxyz"
    at_program, at_data = 64, 64 + 56
    at_symbols = at_data + len(data)
    at_names = at_symbols + len(symbols)
    at_sections = at_names + len(names)
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQI", 3, 62, 1, 0, at_program, at_sections, 0)
    head += struct.pack("<HHHHHH", 64, 56, 1, 64, 3, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 6, at_data, 0x5000, 0x5000, len(data), len(data), 0x1000)
    sections = bytes(64)
    sections += struct.pack("<IIQQQQIIQQ", 0, 11, 2, 0, at_symbols, len(symbols), 2, 1, 8, 24)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 2, 0, at_names, len(names), 0, 0, 1, 0)
    return head + segment + data + symbols + names + sections


def test_in_the_judge_of_strict_order_one_function_returns_at_once_and_nothing_else_is_changed(tmp_path: Path) -> None:
    stock = tmp_path / "suricata"
    stock.write_bytes(program(b"PDRA"))
    assert without_order(stock, tmp_path).read_bytes() == program(b"\xc3DRA")
    stock.write_bytes(program(b"PDRA", b"something_else"))
    with pytest.raises(NoSuricataError, match="does not export SCSigRegisterSignatureOrderingFuncs"):
        without_order(stock, tmp_path)
    stock.write_bytes(b"#!/bin/sh\n")
    with pytest.raises(NoSuricataError):
        without_order(stock, tmp_path)


def test_a_connection_begins_with_a_handshake_and_counts_its_bytes() -> None:
    packets = list(packets_of(FLOW, OVER_TCP[1]))
    flags = [packet[33] for _side, packet in packets]
    assert flags[:3] == [2, 18, 16]
    assert flags[-3:] == [17, 17, 16]
    acknowledged = struct.unpack("!I", packets[4][1][28:32])[0]
    assert acknowledged == 1001 + len(OVER_TCP[1].messages[0][1])
    assert [side for side, _packet in packets[:3]] == [0, 1, 0]


def test_a_capture_knows_whose_each_packet_is(tmp_path: Path) -> None:
    ping = Flow("10.0.0.5", "8.8.8.8", 0, 0, ICMP)
    owners = write(tmp_path / "x.pcap", [(ping, talks_over(ICMP)[0]), (ping.reverse, talks_over(ICMP)[1])], [1, 2])
    assert owners == [0, 0, 1]
    data = (tmp_path / "x.pcap").read_bytes()
    assert data[24 + 16 + 12 : 24 + 16 + 18] == struct.pack("!HHH", 0x8100, 1, 0x0800)


def test_the_same_seed_makes_the_same_rules_and_flows() -> None:
    assert Maker(3).rules(True) == Maker(3).rules(True) != Maker(4).rules(True)
    flows = Maker(3).flows(50)
    assert flows == Maker(3).flows(50)
    assert not {flow.reverse for flow in flows} & set(flows)


def test_a_verdict_that_suricata_contradicts_is_unsound() -> None:
    single, listed = Count(), Count()
    rules = ["drop tcp any any -> any 443 (flow:to_server; sid:1;)"]
    other = Flow("10.0.0.5", "8.8.8.8", 40000, 80, TCP)
    lost, kept = {"a": True, "b": True}, {"a": False, "b": False}
    compare(rules, "STRICT_ORDER", HOME_NET, [FLOW, other], [lost, {"a": False, "b": True}, kept, kept], single, listed)
    assert (single.verdicts, len(single.unsound), single.unsound[0]["flow"]) == (2, 1, other)
    assert (single.share("dropped"), single.share("passed")) == (1.0, 1.0)
    # Judged both ways, the first flow is undecided, and its talks disagree.
    assert (len(listed.unsound), listed.agreed["dropped"]) == (1, 0)
    assert not rules_as_read(rules, "STRICT_ORDER", HOME_NET).problems
