# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of other services: IoT Things Graph, Security Hub, S3 and EC2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..errors import FlowOpsError, shown
from .answers import bare
from .clients import client_of, connected
from .failures import calling, needing
from .listing import Listing, Paging
from .retries import ask_until_whole, retried, whole
from .sdk import ParamValidator, boto3, botocore


class ThingsGraph:
    """AWS IoT Things Graph's flow execution messages through one SDK client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        ask_until_whole(client, {"list_flow_execution_messages": "messages"})

    def messages(self, flow_execution_id: str, paging: Paging) -> Listing:
        """Return the listing of a flow execution's messages."""
        request = {"flowExecutionId": flow_execution_id}
        doing = f"list the messages of flow execution {shown(flow_execution_id)} of AWS IoT Things Graph (discontinued)"
        return Listing(self.client, "list_flow_execution_messages", request, paging, "messages", doing)


class SecurityHub:
    """AWS Security Hub's import of findings through one SDK client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        # An import of the same finding again changes nothing, so asking a second time is safe.
        ask_until_whole(client, {"batch_import_findings": "SuccessCount"})

    def problem_of(self, finding: Mapping[str, Any]) -> str:
        """Return what keeps a finding from fitting the SDK's model of one, '' when nothing does."""
        shape = self.client.meta.service_model.shape_for("AwsSecurityFinding")
        report = ParamValidator().validate(finding, shape)
        return " ".join(report.generate_report().partition("\n")[0].split()) if report.has_errors() else ""

    def import_batch(self, findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return BatchImportFindings's answer for at most 100 findings."""
        with needing("securityhub:BatchImportFindings"), calling("import findings into AWS Security Hub"):
            return dict(self.client.batch_import_findings(Findings=list(findings)))


class S3:
    """Amazon S3's storing of objects through one SDK client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._put = whole(client.put_object, "PutObject", "ETag")

    def put(self, bucket: str, key: str, path: str, checksum: str, encryption: Mapping[str, str]) -> dict[str, Any]:
        """Return PutObject's answer for a file of at most 5 GiB; S3 refuses it when checksum is not its SHA-256."""

        def attempt() -> Any:
            # Opened anew each time: what was sent of it before is not sent by the next attempt.
            with open(path, "rb") as body:
                return self._put(Bucket=bucket, Key=key, Body=body, ChecksumSHA256=checksum, **encryption)

        with needing("s3:PutObject"), calling(f"upload {shown(path)} to the bucket {shown(bucket)}"):
            return bare(retried(attempt)())


class Ec2:
    """Amazon EC2's network interfaces and instances through one SDK client."""

    def __init__(self, client: Any, page_size: int = 1000) -> None:
        self.client = client
        self.paging = Paging(page_size=page_size)
        ask_until_whole(
            client, {"describe_network_interfaces": "NetworkInterfaces", "describe_instances": "Reservations"}
        )

    def network_interfaces(self, filter_name: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the network interfaces that a filter lets through, of at most 200 values."""
        request = {"Filters": [{"Name": filter_name, "Values": list(values)}]}
        doing = "look up addresses among EC2's network interfaces"
        for page in Listing(
            self.client, "describe_network_interfaces", request, self.paging, "NetworkInterfaces", doing
        ):
            yield from page["NetworkInterfaces"]

    def instances(self, instance_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the instances with the IDs, at most 200; those that are gone are left out."""
        # Asked for by InstanceIds, one that is gone would fail the whole call.
        request = {"Filters": [{"Name": "instance-id", "Values": list(instance_ids)}]}
        doing = "look up the names of EC2 instances"
        for page in Listing(self.client, "describe_instances", request, self.paging, "Reservations", doing):
            for reservation in page["Reservations"]:
                yield from reservation.get("Instances") or ()


def sdk_versions() -> dict[str, str]:
    """Return the versions of boto3 and botocore."""
    return {"boto3": str(boto3.__version__), "botocore": str(botocore.__version__)}


def caller_identity(module: Any) -> tuple[dict[str, str] | None, str]:
    """Return who a module's calls are signed by, {account, arn, user_id}, and where that is unknown, why.

    An endpoint_url is that of the firewalls' service; nobody else is asked there.
    """
    if module.params.get("endpoint_url"):
        return None, "endpoint_url was given, and STS is not asked at the endpoint of another service."
    try:
        client = client_of(module, "sts")
        ask_until_whole(client, {"get_caller_identity": "Arn"})
        with needing("sts:GetCallerIdentity"), calling("ask who the caller is"):
            answer = bare(client.get_caller_identity())
    except FlowOpsError as error:
        return None, error.message
    return {"account": answer["Account"], "arn": answer["Arn"], "user_id": answer["UserId"]}, ""


def things_graph(connect: Callable[..., Any], options: Mapping[str, Any]) -> ThingsGraph:
    """Return AWS IoT Things Graph through connect(service, aws_config=...); raise FlowOpsError if the SDK lacks it."""
    # The default session may name a profile that is not there; which services there are does not depend on it.
    if "iotthingsgraph" not in botocore.loaders.create_loader().list_available_services("service-2"):
        raise FlowOpsError(
            f"This boto3 {boto3.__version__} no longer knows AWS IoT Things Graph, which AWS has discontinued;"
            " install a release that still has it, such as boto3 1.44."
        )
    return ThingsGraph(connected(connect, "iotthingsgraph", options))
