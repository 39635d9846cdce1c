# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flow filters: as people write them, as the API takes them, and as keys to compare."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import FlowOpsError, OptionError
from .addresses import parse_network
from .protocols import name_of, number_of

MAXIMUM = 20
EVERY_FLOW = ("0.0.0.0/0", "::/0")
CONDITIONS = ("source_address", "destination_address", "source_port", "destination_port", "protocols")

FilterKey = tuple[str, str, str, str, tuple[int, ...]]

_PORT_RANGE = re.compile(r"(\d{1,5})(?:\s*[-:]\s*(\d{1,5}))?", re.ASCII)
PORT_ALLOWED = "give a port from 0 to 65535, a range such as 8000-8100, or any"
PROTOCOL_ALLOWED = "give an IANA protocol name such as tcp, or a number from 0 to 255"


def parse_ports(value: Any, option: str) -> tuple[int, int] | None:
    """Return a port or range as (first, last), None for any port; raise OptionError naming the option otherwise."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if text.lower() == "any":
        return None
    match = _PORT_RANGE.fullmatch(text)
    if match:
        plain = [str(int(port)) for port in match.groups() if port]
        if plain != [port for port in match.groups() if port]:
            # To some, 0443 is a number to the base of eight.
            raise OptionError(option, value, f"a port has no leading zeros, write {'-'.join(plain)}")
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        if first <= last <= 65535:
            return first, last
        if first > last and first <= 65535:
            raise OptionError(option, value, f"the range runs backwards, write {last}-{first}")
    raise OptionError(option, value, PORT_ALLOWED)


def parse_protocol(value: Any, option: str) -> int:
    """Return a protocol's IANA number (0 to 255); raise OptionError naming the option when it is unknown."""
    number = number_of(value)
    if number is None:
        raise OptionError(option, value, PROTOCOL_ALLOWED)
    return number


def to_api(flow_filters: Sequence[Mapping[str, Any]] | None, option: str = "flow_filters") -> list[dict[str, Any]]:
    """Return filters as the API's FlowFilters (1 to 20); raise FlowOpsError naming the first mistake."""
    given = [dict(item) for item in flow_filters or []]
    if len(given) == 1 and given[0].get("any"):
        extra = [name for name in CONDITIONS if given[0].get(name) not in (None, [])]
        if extra:
            raise FlowOpsError(
                f"{option}[0]: any is true and {extra[0]} is given too; any stands alone, for every flow."
            )
        return [{"SourceAddress": {"AddressDefinition": network}} for network in EVERY_FLOW]
    if not 1 <= len(given) <= MAXIMUM:
        raise FlowOpsError(
            f"{option}: {len(given)} filters were given; an operation takes 1 to {MAXIMUM},"
            " and [{any: true}] stands for every flow."
        )
    return [_one_to_api(item, f"{option}[{index}]", len(given)) for index, item in enumerate(given)]


def _one_to_api(item: Mapping[str, Any], path: str, total: int) -> dict[str, Any]:
    unknown = sorted(set(item) - set(CONDITIONS) - {"any"})
    if unknown:
        raise FlowOpsError(f"{path}: {unknown[0]} is not a condition; a filter has {', '.join(CONDITIONS)} or any.")
    if item.get("any"):
        raise FlowOpsError(f"{path}: any is true among {total} filters; any stands alone, for every flow.")
    api: dict[str, Any] = {}
    for name, member in (("source_address", "SourceAddress"), ("destination_address", "DestinationAddress")):
        if item.get(name) is not None:
            network = parse_network(item[name], f"{path}.{name}")
            text = str(network) if "/" in str(item[name]) else str(network.network_address)
            api[member] = {"AddressDefinition": text}
    if not api:
        raise FlowOpsError(
            f"{path}: it has neither source_address nor destination_address; a filter needs one of them,"
            " and [{any: true}] stands for every flow."
        )
    for name, member in (("source_port", "SourcePort"), ("destination_port", "DestinationPort")):
        if item.get(name) is not None:
            ports = parse_ports(item[name], f"{path}.{name}")
            api[member] = "ANY" if ports is None else ports_to_api(ports)
    if item.get("protocols") == []:
        raise OptionError(f"{path}.protocols", [], "name at least one protocol, or leave it out for any")
    if item.get("protocols"):
        numbers = [parse_protocol(value, f"{path}.protocols") for value in item["protocols"]]
        api["Protocols"] = [str(number) for number in dict.fromkeys(numbers)]
    return api


def ports_to_api(ports: tuple[int, int]) -> str:
    """Return (first, last) as the API writes ports: '443', or '8000:8100'."""
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}:{ports[1]}"


def from_api(api_filters: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the API's FlowFilters as people write them; what the API adds beyond the known members is left out."""
    written: list[dict[str, Any]] = []
    for item in api_filters:
        out: dict[str, Any] = {}
        for name, member in (("source_address", "SourceAddress"), ("destination_address", "DestinationAddress")):
            if member in item:
                out[name] = item[member]["AddressDefinition"]
        for name, member in (("source_port", "SourcePort"), ("destination_port", "DestinationPort")):
            if member in item:
                out[name] = item[member].lower().replace(":", "-")
        if item.get("Protocols"):
            out["protocols"] = [_protocol_name(value) for value in item["Protocols"]]
        written.append(out)
    return written


def _protocol_name(value: str) -> str:
    number = number_of(value)
    return value if number is None else name_of(number)


def keys_of(api_filters: Iterable[Mapping[str, Any]]) -> tuple[FilterKey, ...]:
    """Return one value that is equal for equal sets of API filters, however AWS writes them back."""
    return tuple(sorted({_key(item) for item in api_filters}))


def _key(item: Mapping[str, Any]) -> FilterKey:
    def address(member: str) -> str:
        value = item.get(member)
        return str(ipaddress.ip_network(value["AddressDefinition"], strict=False)) if value else ""

    def port(member: str) -> str:
        ports = parse_ports(item.get(member) or "any", member)
        return "" if ports is None else ports_to_api(ports)

    numbers = (number_of(value) for value in item.get("Protocols") or ())
    return (
        address("SourceAddress"),
        address("DestinationAddress"),
        port("SourcePort"),
        port("DestinationPort"),
        tuple(sorted({-1 if number is None else number for number in numbers})),
    )


def within(inner: Mapping[str, Any], outers: Iterable[FilterKey]) -> bool:
    """Return whether one of the outer filters, keys as of keys_of, matches all flows that the inner API filter does."""
    narrow = _key(inner)
    return any(_key_within(narrow, outer) for outer in outers)


def _key_within(inner: FilterKey, outer: FilterKey) -> bool:
    for mine, other, wanted in ((inner[0], inner[1], outer[0]), (inner[1], inner[0], outer[1])):
        if not wanted:
            continue
        # A filter that leaves one address open still says the IP version by the other.
        known = ipaddress.ip_network(mine or (EVERY_FLOW[1] if ":" in other else EVERY_FLOW[0]))
        network = ipaddress.ip_network(wanted)
        if known.version != network.version or not known.subnet_of(network):  # type: ignore[arg-type]
            return False
    for mine, wanted in zip(inner[2:4], outer[2:4], strict=True):
        ports, allowed = (parse_ports(text or "any", "port") for text in (mine, wanted))
        if allowed is not None and (ports is None or ports[0] < allowed[0] or ports[1] > allowed[1]):
            return False
    return not outer[4] or (bool(inner[4]) and set(inner[4]) <= set(outer[4]))
