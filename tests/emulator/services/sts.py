# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""STS on moto: roles of any account can be assumed; the calls are counted, and refused on demand."""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.sts.exceptions import STSClientError
from moto.sts.responses import TokenResponse

from ..http.faults import Faults
from ..world.world import World

# Of the faults, those that are an answer: code and sentence, as STS says them.
_REFUSALS = {
    "expired_token": ("ExpiredToken", "The security token included in the request is expired"),
    "throttle": ("Throttling", "Rate exceeded"),
    "internal": ("InternalFailure", "An internal error has occurred"),
    "unavailable": ("ServiceUnavailable", "The service is unavailable"),
}


def _denied(operation: str) -> STSClientError:
    return STSClientError("AccessDenied", f"User is not authorized to perform: sts:{operation}")


def make_response_class(world: World, faults: Faults) -> type[TokenResponse]:
    """Return moto's STS handler, in which a role may demand an external ID."""

    def arrived(operation: str, account_id: str, region: str) -> None:
        world.count(operation)
        for fault in faults.meet(operation, account_id, region):
            if fault.kind == "access_denied":
                raise _denied(operation)
            if fault.kind in _REFUSALS:
                raise STSClientError(*_REFUSALS[fault.kind])

    class RolesResponse(TokenResponse):
        def get_caller_identity(self) -> ActionResult:
            arrived("GetCallerIdentity", self.current_account, self.region)
            return super().get_caller_identity()

        def assume_role(self) -> ActionResult:
            role_arn = str(self._get_param("RoleArn"))
            # A role's faults are told by its own account, not by the caller's.
            arrived("AssumeRole", role_arn.split(":")[4], self.region)
            if world.settings.external_ids.get(role_arn) not in (None, self._get_param("ExternalId")):
                raise _denied("AssumeRole")
            return super().assume_role()

    return RolesResponse
