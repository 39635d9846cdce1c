# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A flush plan as it is given to a task: read, checked, held against its approval, and narrowed to some zones."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface
from itertools import product
from typing import Any

from ..module_utils.errors import FlowOpsError, OptionError, shown
from ..module_utils.files import PLAN, json_of, read_file, sha256_of
from ..module_utils.flows.filters import to_api
from ..module_utils.plan.plan import Plan

SOURCES = ("audit", "plan", "flow_filters", "addresses")
_MOST_ADDRESSES = 10
# So many bits of an IPv6 address say that the rest of it is an IPv4 address.
_MAPPED_BITS = 96
# Of the files of an audit, those that may be read again.
_READ_AGAIN = ("dest", "findings_dest", "rules_dest")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?")


@dataclass(frozen=True)
class Held:
    """What a plan is held against, and what the names of options begin with in messages."""

    firewall_arn: str
    approved_hash: str = ""
    availability_zones: Sequence[str] = ()
    allow_collateral: bool = False
    any_scope: bool = False
    prefix: str = ""


def source_of(options: Mapping[str, Any], prefix: str = "") -> str:
    """Return which of SOURCES says what to cut; raise FlowOpsError unless exactly one does."""
    given = [f"{prefix}{name}" for name in SOURCES if options.get(name) is not None]
    if len(given) != 1:
        *others, last = (f"{prefix}{name}" for name in SOURCES)
        are = f"{' and '.join(given)} are" if given else "none is"
        raise FlowOpsError(f"{', '.join(others)} and {last}: exactly one of them must be given, {are}.")
    return given[0].removeprefix(prefix)


def as_given(options: Mapping[str, Any], held: Held, sha256: Callable[[str], str | None] = sha256_of) -> dict[str, Any]:
    """Return what is to be cut, {source, operations, flow_filters, …}; raise FlowOpsError for what must not be.

    The checksum of a file, None where there is none, says whether it is as the audit left it.
    """
    source = source_of(options, held.prefix)
    try:
        return {"source": source, **_given(source, options, held, sha256)}
    except FlowOpsError as error:
        raise error.saying(error.message, source=source) from error


def _given(source: str, options: Mapping[str, Any], held: Held, sha256: Callable[[str], str | None]) -> dict[str, Any]:
    if source in ("audit", "plan"):
        return _of_plan(source, options, held, sha256)
    if held.approved_hash:
        raise FlowOpsError(
            f"{held.prefix}approved_hash: filters and addresses have no hash; approve a plan, and give it as"
            f" {held.prefix}plan or {held.prefix}audit."
        )
    filters = options[source]
    if source == "addresses":
        filters = both_directions(filters, held.prefix)
    elif not filters:
        raise FlowOpsError(
            f"{held.prefix}flow_filters: it is empty; give 1 to 20 filters, or [{{any: true}}] for every flow."
        )
    to_api(filters, f"{held.prefix}flow_filters")
    return {
        "flow_filters": list(filters),
        "operations": [],
        "availability_zones": list(held.availability_zones),
    }


def both_directions(addresses: Sequence[Any], prefix: str = "") -> list[dict[str, str]]:
    """Return filters for flows from and to addresses or CIDRs; raise OptionError for none, too many or no address."""
    texts = [text for text in (str(address).strip() for address in addresses) if text]
    if not 1 <= len(texts) <= _MOST_ADDRESSES or not all(map(_ADDRESS.fullmatch, texts)):
        raise OptionError(
            f"{prefix}addresses",
            ", ".join(texts),
            f"give an IPv4 or IPv6 address or CIDR, or up to {_MOST_ADDRESSES} of them",
        )
    for text in texts:
        _check_plain(text, f"{prefix}addresses")
    return [{side: text} for side, text in product(("source_address", "destination_address"), texts)]


def _check_plain(text: str, option: str) -> None:
    """Raise OptionError for an IPv4 address in the form of an IPv6 one, of which a firewall has no flow."""
    try:
        mapped = ip_interface(text)
    except ValueError:
        return
    inside = mapped.ip.ipv4_mapped if mapped.version == 6 else None
    if inside is not None and mapped.network.prefixlen >= _MAPPED_BITS:
        length = mapped.network.prefixlen - _MAPPED_BITS
        plain = f"{inside}/{length}" if "/" in text else str(inside)
        raise OptionError(option, text, f"it is an IPv4 address in the form of an IPv6 one, write {plain}")


def _of_plan(
    source: str, options: Mapping[str, Any], held: Held, sha256: Callable[[str], str | None]
) -> dict[str, Any]:
    audit = options["audit"] if source == "audit" else {}
    written = read(_written(source, options, held.prefix), held.prefix)
    plan = _checked(written, audit, source, held)
    files = unchanged({**_files_of(audit, held.prefix), **_named_files(plan)}, sha256)
    findings_src = files.get("findings_dest", "")
    if options.get("findings_file"):
        findings_src = _from_here(options["findings_file"])
    inline = audit.get("findings")
    return {
        "operations": list(plan.in_zones(held.availability_zones).operations),
        "hash": plan.hash,
        "inseparable": plan.inseparable or 0,
        "captured_flow_count": plan.captured_flow_count or 0,
        **({"fetch": plan.fetch} if plan.fetch else {}),
        "availability_zones": list(held.availability_zones),
        "flow_filters": audit.get("flow_filters") or [{"any": True}],
        "findings_src": findings_src,
        # For the evidence.
        "copies": {"rules.json": files["rules_dest"]} if "rules_dest" in files else {},
        "rules_sha256": plan.rules["sha256"] if plan.rules else None,
        **({"findings": inline} if inline is not None and not findings_src else {}),
        # An audit returns the first of its findings, which are all of them or tell nothing of the others.
        "only_findings": bool(findings_src) or (inline is not None and len(inline) == audit.get("findings_total")),
    }


def _written(source: str, options: Mapping[str, Any], prefix: str) -> Any:
    """Return a plan, or the path of the file that has it."""
    if source == "plan":
        return options["plan"]
    plan = options["audit"].get("plan")
    # The whole plan of an audit is in its file when it was too large to return.
    if not isinstance(plan, Mapping) or not ("operations" in plan or "dest" in plan):
        raise FlowOpsError(f"{prefix}audit: it has no plan; give a flow_audit_result.")
    return plan if "operations" in plan else plan["dest"]


def read(plan: Any, prefix: str = "") -> Mapping[str, Any]:
    """Return a plan, from its JSON file when a path is given; raise FlowOpsError when it is invalid."""
    if isinstance(plan, str):
        path = _from_here(plan)
        try:
            plan = json_of(read_file(path, PLAN, f"{prefix}plan"), path)
        except OptionError:
            raise
        except FlowOpsError as error:
            raise error.saying(f"{prefix}plan: {error.message}") from error
    if not isinstance(plan, Mapping) or not isinstance(plan.get("operations"), list):
        raise FlowOpsError(
            f"{prefix}plan: it is not a plan; give a mapping with operations, as flow_audit_result.plan is one, or the"
            " path of a JSON file on the controller that holds one."
        )
    return dict(plan)


def _from_here(path: str) -> str:
    """Return a path from the directory that ansible-playbook was started in; the working directory is another one."""
    return os.path.join(os.environ.get("PWD", os.getcwd()), os.path.expanduser(path))


def _checked(written: Mapping[str, Any], audit: Mapping[str, Any], source: str, held: Held) -> Plan:
    """Return a plan; raise FlowOpsError when invalid, another firewall's, not the approved one, or hitting others."""
    prefix = held.prefix
    made_for = written.get("firewall_arn") or audit.get("firewall_arn")
    if made_for is not None and made_for != held.firewall_arn:
        raise FlowOpsError(
            f"{prefix}{source}: it was made for {shown(made_for)}, not for {prefix}firewall_arn,"
            f" {shown(held.firewall_arn)}."
        )
    plan = Plan.from_json({**written, "firewall_arn": made_for}, f"{prefix}plan")
    # Text that is there and blank is no approval of anything.
    if held.approved_hash and held.approved_hash.strip().lower() != plan.hash:
        raise FlowOpsError(
            f"The plan's hash is {shown(plan.hash)} and not {prefix}approved_hash, {shown(held.approved_hash)}; nothing"
            " was cut. Give the plan that was approved, or have this one approved.",
            hash=plan.hash,
        )
    if not held.any_scope and any("availability_zone" not in item for item in plan.operations):
        raise FlowOpsError(
            f"{prefix}plan: an operation has no availability_zone; flows are cut by zone here, use"
            " flowops.aws.networkfirewall_flow_flush for other scopes."
        )
    if plan.collateral and not held.allow_collateral:
        raise FlowOpsError(
            f"The plan would cut {plan.collateral} innocent flows too; nothing was cut. Set {prefix}allow_collateral if"
            " that is meant.",
            hash=plan.hash,
        )
    return plan


def _files_of(audit: Mapping[str, Any], prefix: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the files of an audit by option; raise FlowOpsError when they are none."""
    files = audit.get("files") or {}
    if not isinstance(files, Mapping):
        raise FlowOpsError(f"{prefix}audit.files: it is not a mapping; give a flow_audit_result.")
    for name in _READ_AGAIN:
        item = files.get(name)
        if item is not None and not (isinstance(item, Mapping) and isinstance(item.get("path"), str)):
            raise FlowOpsError(f"{prefix}audit.files.{name}: it is invalid; give the path of the file and its sha256.")
    return files


def _named_files(plan: Plan) -> dict[str, Any]:
    named = {"findings_dest": plan.findings, "rules_dest": plan.rules}
    return {option: file for option, file in named.items() if file}


def unchanged(files: Mapping[str, Mapping[str, Any]], sha256: Callable[[str], str | None]) -> dict[str, str]:
    """Return the paths of an audit's capture, findings and rules, by option, that are as the audit left them.

    They are named after the firewall, so a later audit may have written over them.
    """
    kept = [(name, files[name]) for name in _READ_AGAIN if files.get(name)]
    return {name: item["path"] for name, item in kept if item.get("sha256") and sha256(item["path"]) == item["sha256"]}
