# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A firewall's own rules in the order in which they are asked, from options to result."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Any

from ..files import open_files
from ..flows.arns import firewall_of
from ..operations.rules_judge import policy_of
from ..rules.shown import shown
from ..rules.verdicts import REASONS
from .firewall_rules import rules_for
from .result import Module, warn_when_large


def firewall_rules(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    rules = rules_for(module, params, firewall_of(params))
    ruleset = rules.after or rules.ruleset
    for sentence in (*rules.unread, *(problem.sentence for problem in ruleset.problems)):
        module.warn(sentence)
    rows = list(shown(ruleset))
    undecided = Counter(row["reason"] for row in rows if not row["decided_by_5_tuple"])
    result: dict[str, Any] = {
        "changed": False,
        "firewall_policy": policy_of(rules),
        "rule_count": len(rows),
        "advice_count": sum(len(row.get("advice") or ()) for row in rows),
        "undecided": [
            {"reason": reason, "description": REASONS[reason], "rule_count": count}
            for reason, count in undecided.most_common()
        ],
    }
    if params["dest"]:
        with ExitStack() as stack:
            file = open_files(stack, params, ["dest"], dry_run=module.check_mode)["dest"]
            file.write_all(rows)
            file.finish()
            result.update(changed=file.changed, files={"dest": file.as_result()})
    else:
        result["rules"] = rows
        warn_when_large(module, result, "give dest to have the rules written to a file")
    return result
