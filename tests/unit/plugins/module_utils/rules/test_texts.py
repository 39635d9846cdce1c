# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules.texts import (
    RuleTextError,
    lines_of,
    parse,
    unquoted,
)
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import flow, rules_of, verdict

DUPLICATE = "drop tcp any any -> any 3 (sid:1;)"


def test_a_rule_in_its_parts() -> None:
    rule = parse(
        'drop tcp [10.0.0.0/8, !10.1.0.0/16] any -> $EXTERNAL_NET [80, 443] (msg:"a\\;b"; flow: to_server; sid:7;)'
    )
    assert rule[:7] == ("drop", "tcp", "[10.0.0.0/8, !10.1.0.0/16]", "any", "->", "$EXTERNAL_NET", "[80, 443]")
    assert [(option.keyword, option.value) for option in rule.options] == [
        ("msg", '"a\\;b"'),
        ("flow", "to_server"),
        ("sid", "7"),
    ]
    assert unquoted(rule.value_of("msg")) == "a;b"


def test_text_without_quotes_is_a_message() -> None:
    rule = parse("drop http $HOME_NET any <> $EXTERNAL_NET any (msg:this is a stateful drop rule; sid:1234;)")
    assert unquoted(rule.value_of("msg")) == "this is a stateful drop rule"


def test_lines_are_numbered_and_joined() -> None:
    text = (
        "# a comment\n\npass ip any any -> any any (sid:1;)\ndrop ip any any \\\n  -> any any (sid:2;)\n  # another\n"
    )
    assert [number for number, _line in lines_of(text)] == [3, 4]
    assert [parse(line).value_of("sid") for _number, line in lines_of(text)] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "column", "why"),
    [
        ("deny tcp any any -> any any (sid:1;)", 1, "deny is not an action"),
        ("drop tcp any any <- any any (sid:1;)", 18, "<- is not a direction"),
        ("drop tcp any any => any any (sid:1;)", 18, "=> is not a direction"),
        ("drop tcp any any -> any any", 25, "destination port is missing"),
        ("drop tcp any any -> any any (sid:1)", 30, "does not end with a semicolon"),
        ("drop tcp any any -> any any ()", 30, "no options"),
        ("drop tcp any any -> any [80 (sid:1;)", 25, "bracket is not closed"),
    ],
)
def test_what_is_no_rule_is_told_with_its_column(text: str, column: int, why: str) -> None:
    with pytest.raises(RuleTextError) as told:
        parse(text)
    assert why in told.value.why
    assert told.value.column == column


@pytest.mark.parametrize(
    ("text", "column", "why"),
    [
        ("drop 6 any any -> any any (sid:1;)", 6, "6 is not a protocol"),
        ('drop tcp any any -> any any (msg:"x";)', 1, "no sid"),
        ("drop tcp any any -> any any (sid:1; sid:2;)", 37, "more than one sid"),
        ("drop tcp any any -> any any (sid:1;;)", 36, "an option is empty"),
        ("drop tcp any any -> any any (sid:1; ;)", 36, "an option is empty"),
        ("drop tcp any any -> any any (sid:\u00b2;)", 30, "its sid \u00b2 is not a number"),
        (f"drop tcp any any -> any any (sid:{'1' * 5000};)", 30, "is not a number from 1 to 4294967294"),
        ("drop tcp any any -> any any (sid:4294967295;)", 30, "is not a number from 1 to 4294967294"),
        ("drop tcp any any -> any any (priority:\u00b2; sid:1;)", 30, "its priority \u00b2 is not a number"),
        ("drop tcp any any -> any any (priority:high; sid:1;)", 30, "its priority high is not a number"),
        ("drop tcp any any -> any any (rev:0; sid:1;)", 30, "its rev 0 is not a number"),
        ("drop tcp any any -> any any (gid:x; sid:1;)", 30, "its gid x is not a number"),
        ('drop tcp any any -> any any (msg:"a"; msg:"b"; sid:1;)', 39, "more than one msg"),
        ("drop tcp any any -> any any (sameip:yes; sid:1;)", 30, "sameip has a value"),
        ("drop tcp any any -> any any (nocase; sid:1;)", 30, "nocase has no content before it"),
        ('drop tcp any any -> any any (content:""; sid:1;)', 30, "content is empty"),
        ("drop tcp any any -> any any (flowbits:set,a b; sid:1;)", 30, "a name with a space"),
        ("drop tcp any any -> any any (flowbits:SET,a; sid:1;)", 30, "flowbits has no command SET,a"),
        (f'drop tcp any any -> any any (msg:"{"a" * 8200}"; sid:1;)', 1, "more than 8191 bytes"),
        (f'drop tcp any any -> any any (msg:"{"é" * 4100}"; sid:1;)', 1, "more than 8191 bytes"),
        ('drop tcp any any -> any any (msg:"a\x00b"; sid:1;)', 36, "control character"),
        ("drop tcp any any -> any any (sid:1;)\rpass ip any any -> any any (sid:2;)", 37, "control character"),
        (f"drop tcp any any -> any {'1' * 5000} (sid:1;)", 25, "is not a port"),
        (f"drop tcp any any -> 10.0.0.0/{'1' * 5000} any (sid:1;)", 21, "is not an address"),
        (f"drop ip any any -> any any (ip_proto:{'1' * 5000}; sid:1;)", 29, "ip_proto has no protocol"),
        ("drop tcp any any -> any any (sid:x;)", 30, "its sid x is not a number"),
        ("drop tcp any any -> any any (sid:0;)", 30, "its sid 0 is not a number"),
        ("drop tcp any any -> any any (flow:sideways; sid:1;)", 30, "flow has no option sideways"),
        ("drop tcp any any -> any any (flow:to_server,to_client; sid:1;)", 30, "exclude each other"),
        ("drop tcp any any -> any any (flow:established; flow:stateless; sid:1;)", 48, "flow stands twice"),
        ("drop tcp any any -> any any (flow:; sid:1;)", 30, "flow has no value"),
        ("drop tcp any any -> any any (ip_proto:6; sid:1;)", 30, "protocol is not ip"),
        ("drop ip any any -> any any (ip_proto:carrier-pigeon; sid:1;)", 29, "no protocol carrier-pigeon"),
        ("drop ip any any -> any any (ip_proto:6; ip_proto:17; sid:1;)", 1, "stands twice"),
        ("drop ip any any -> any any (ip_proto:6; ip_proto:!17; sid:1;)", 1, "with and without !"),
        ("drop tcp any any -> any any (content:x; sid:1;)", 30, "no quotes"),
        ("drop tcp any any -> any any(flow:to_server; sid:1;)", 25, "its port any(flow:to_server; is wrong"),
        ("drop tcp any any -> any any (flowbits:isnoset,a; sid:1;)", 30, "flowbits has no command isnoset,a"),
        ("drop tcp any any -> any any (flowbits:set; sid:1;)", 30, "flowbits has no command set, or no name"),
        ("drop tcp any any -> any any (threshold:type limit; sid:1;)", 30, "threshold lacks one of"),
        ('drop tls any any -> any any (http.host; content:"x"; sid:1;)', 30, "http.host is not a keyword of tls"),
        ("drop tcp 10.0.0 any -> any any (sid:1;)", 10, "10.0.0 is not an address"),
        ("drop tcp any any -> any 70000 (sid:1;)", 25, "not a port"),
        ("drop tcp $NOPE any -> any any (sid:1;)", 10, "variable $NOPE is not known"),
    ],
)
def test_what_suricata_refuses_is_told_with_group_line_and_column(text: str, column: int, why: str) -> None:
    rules = rules_of("# first", text)
    (problem,) = rules.problems
    assert (problem.group, problem.line, problem.column) == ("g", 2, column)
    assert why in problem.why
    assert problem.sentence.startswith("Rule group 'g' line 2, column ")
    assert [rule.kind.reason for rule in rules.stateful] == ["refused"]


@pytest.mark.parametrize("end", ["\u2028", "\u0085", "\x0b", "\x0c"])
def test_a_comment_ends_where_its_line_does(end: str) -> None:
    assert not rules_of(f"# once: {end}drop tcp any any -> any 443 (sid:1;)").stateful


def test_lines_may_end_as_on_windows() -> None:
    text = "# a comment\r\n\r\ndrop tcp any any \\\r\n-> any 443 (sid:1;)\r\n"
    assert [(number, parse(line).destination_port) for number, line in lines_of(text)] == [(3, "443")]


def test_the_sid_of_another_rule_is_told() -> None:
    rules = rules_of("drop tcp any any -> any 1 (sid:1;)", "drop tcp any any -> any 2 (gid:2; sid:1;)", DUPLICATE)
    assert [problem.sentence for problem in rules.problems] == [
        "Rule group 'g' line 3, column 28: its sid 1 is that of the rule in line 1."
    ]
    assert verdict(rules).reason == "refused"


@pytest.mark.parametrize("keyword", ["colour:blue", "tls.versio:1.2", 'tls.subjectaltname; content:"x"'])
def test_a_keyword_that_suricata_does_not_know_is_told_and_the_header_still_counts(keyword: str) -> None:
    rules = rules_of(f"drop tcp any any -> any 443 ({keyword}; sid:1;)")
    (problem,) = rules.problems
    assert (problem.line, problem.column) == (1, 30)
    assert problem.why == f"the keyword {keyword.partition(':')[0].partition(';')[0]} is unknown"
    assert verdict(rules).fate == "undecided"
    assert verdict(rules, flow(ports=(1, 2))).fate == "passed"


@pytest.mark.parametrize("body", ["sid:1;", "(sid:1;", "sid:1;)", "( sid:1; )"])
def test_parentheses_may_be_missing(body: str) -> None:
    rules = rules_of(f"drop tcp any any -> any 443 {body}")
    assert not rules.problems
    assert verdict(rules).rule == "g:1"


def test_options_without_a_meaning_here_are_taken() -> None:
    rules = rules_of(
        'drop tcp any any -> any any (msg:"x"; gid:1; rev:3; classtype:misc-attack; reference:url,x; metadata:a b; '
        "target:src_ip; tag:session; noalert; priority:2; sid:021420241;)"
    )
    assert not rules.problems
    (rule,) = rules.stateful
    assert (rule.sid, rule.priority, rule.kind.type) == (21420241, 2, "ip_only")
