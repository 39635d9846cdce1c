# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real Suricata as a judge: which conversations of a capture lose a packet under some rules.

How it is asked for AWS's strict order, which stock Suricata does not have: it sorts rules by functions that compare
their actions (pass, drop, reject, alert), flowbits, other variables and priorities, and leaves rules on which all of
these agree in the order of their sids. The functions are named in one place, SCSigRegisterSignatureOrderingFuncs, which
its program exports. The judge of strict order is a copy of the program in which this one returns at once: nothing is
compared, and the sids, given out in the order of the rules, decide. Nothing else in it is touched, and where both
orders are the same, both judges must agree, which is tried on every run.

A reject is asked as a drop: it does the same to the packet and its flow, and nothing is sent to anybody.
"""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

_ORDERING = b"SCSigRegisterSignatureOrderingFuncs"
# The instruction that returns, by the machine that an ELF file is for: x86-64 and AArch64.
_RETURNS = {62: b"\xc3", 183: b"\xc0\x03\x5f\xd6"}
_EXPORTS, _LOADED = 11, 1
_LARGEST_OUTPUT = 2000

_SETTINGS = """%YAML 1.1
---
vars:
  address-groups:
    HOME_NET: "[{home_net}]"
    EXTERNAL_NET: "!$HOME_NET"
default-log-dir: {folder}
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - drop:
            alerts: no
            flows: {flows}
logging:
  default-log-level: warning
  outputs:
    - console:
        enabled: yes
app-layer:
  protocols:
    tls: {{enabled: yes}}
    http: {{enabled: yes}}
    http2: {{enabled: yes}}
    ssh: {{enabled: yes}}
    smtp: {{enabled: yes}}
    ftp: {{enabled: yes}}
    imap: {{enabled: detection-only}}
    smb: {{enabled: yes}}
    dcerpc: {{enabled: yes}}
    dns:
      tcp: {{enabled: yes}}
      udp: {{enabled: yes}}
    krb5: {{enabled: yes}}
    ntp: {{enabled: yes}}
    quic: {{enabled: yes}}
    dhcp: {{enabled: yes}}
    tftp: {{enabled: yes}}
    ike: {{enabled: yes}}
    snmp: {{enabled: yes}}
exception-policy: ignore
vlan:
  use-for-tracking: true
flow:
  memcap: 512mb
  prealloc: 20000
stream:
  memcap: 512mb
  checksum-validation: no
  inline: auto
  reassembly:
    memcap: 512mb
decoder:
  max-layers: 16
"""


class NoSuricataError(Exception):
    """There is no Suricata 7 on this machine, or not one that can be asked."""


class RefusedError(Exception):
    """Suricata refuses rules; the numbers (from 0) of those that it names."""

    def __init__(self, output: str, numbers: Sequence[int]) -> None:
        super().__init__(output)
        self.numbers = tuple(numbers)


def find() -> tuple[Path, str]:
    """Return the program and the version of the Suricata 7 on this machine; raise NoSuricataError without one."""
    found = shutil.which("suricata") or shutil.which("suricata", path="/usr/local/bin:/usr/bin:/usr/sbin:/sbin")
    if found is None:
        raise NoSuricataError(
            "There is no suricata on this machine; this needs version 7 (Debian's backports have it)."
        )
    told = subprocess.run([found, "-V"], check=False, capture_output=True, text=True).stdout
    version = re.search(r"version (7\.\S+)", told)
    if version is None:
        raise NoSuricataError(f"'{found}' is not Suricata 7, but says: {told.strip()}")
    return Path(found), version[1]


def without_order(program: Path, folder: Path) -> Path:
    """Return a copy of Suricata that orders rules by their sids; raise NoSuricataError where it cannot be made."""
    data = bytearray(program.read_bytes())
    offset = offset_of(bytes(data), _ORDERING)
    at_once = _RETURNS.get(int.from_bytes(data[18:20], "little"))
    if offset is None or at_once is None:
        raise NoSuricataError(
            f"'{program}' does not export {_ORDERING.decode()}, so that it cannot be asked in strict order."
        )
    data[offset : offset + len(at_once)] = at_once
    copy = folder / "suricata-strict"
    copy.write_bytes(data)
    copy.chmod(0o755)
    return copy


def offset_of(data: bytes, name: bytes) -> int | None:
    """Return where in a 64-bit ELF file something that it exports begins, None where it does not."""
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    sections_at = struct.unpack_from("<Q", data, 40)[0]
    section_size, sections = struct.unpack_from("<HH", data, 58)
    heads = [struct.unpack_from("<IIQQQQIIQQ", data, sections_at + n * section_size) for n in range(sections)]
    for _name, kind, _flags, _address, offset, size, link, _info, _align, entry in heads:
        if kind != _EXPORTS:
            continue
        names = heads[link][4]
        for at in range(offset, offset + size, entry):
            name_at, _kind, _other, section, value = struct.unpack_from("<IBBHQ", data, at)
            start = names + name_at
            if section and data[start : start + len(name) + 1] == name + b"\0":
                return _file_offset(data, value)
    return None


def _file_offset(data: bytes, address: int) -> int | None:
    segments_at = struct.unpack_from("<Q", data, 32)[0]
    size, count = struct.unpack_from("<HH", data, 54)
    for n in range(count):
        kind, _flags, offset, start, _physical, in_file = struct.unpack_from("<IIQQQQ", data, segments_at + n * size)
        if kind == _LOADED and start <= address < start + in_file:
            return int(offset + address - start)
    return None


def dropped_packets(
    program: Path, capture: Path, rules: Sequence[str], folder: Path, *, home_net: str, every_packet: bool = False
) -> Iterator[int]:
    """Yield the numbers (from 0) of packets that are dropped; of a flow the first of each direction, or every one.

    Raises RefusedError when Suricata refuses one of the rules.
    """
    folder.mkdir(parents=True, exist_ok=True)
    flows = "all" if every_packet else "start"
    (folder / "suricata.yaml").write_text(_SETTINGS.format(home_net=home_net, folder=folder, flows=flows))
    (folder / "rules").write_text("".join(f"{_asked(rule)}\n" for rule in rules))
    eve = folder / "eve.json"
    eve.unlink(missing_ok=True)
    command = [
        str(program), "-c", str(folder / "suricata.yaml"), "-S", str(folder / "rules"), "-r", str(capture),
        "-l", str(folder), "-k", "none", "--simulate-ips", "--runmode", "single",
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    output = done.stdout + done.stderr
    lines = sorted({int(line) for line in re.findall(r"from file \S+ at line (\d+)", output)})
    if done.returncode or lines:
        raise RefusedError(output[-_LARGEST_OUTPUT:], [line - 1 for line in lines])
    with eve.open() as events:
        for line in events:
            event = json.loads(line)
            if event.get("event_type") == "drop":
                yield int(event["pcap_cnt"]) - 1


def _asked(rule: str) -> str:
    return re.sub(r"^\s*reject\w*\b", "drop", rule)
