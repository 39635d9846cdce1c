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
    "access_denied": ("AccessDenied", "User is not authorized to perform: sts:AssumeRole"),
    "expired_token": ("ExpiredToken", "The security token included in the request is expired"),
    "throttle": ("Throttling", "Rate exceeded"),
    "internal": ("InternalFailure", "An internal error has occurred"),
    "unavailable": ("ServiceUnavailable", "The service is unavailable"),
}


def make_response_class(world: World, faults: Faults) -> type[TokenResponse]:
    """Return moto's STS handler, in which a role may demand an external ID."""

    class RolesResponse(TokenResponse):
        def assume_role(self) -> ActionResult:
            world.count("AssumeRole")
            role_arn = str(self._get_param("RoleArn"))
            # A role's faults are told by its own account, not by the caller's.
            for fault in faults.meet("AssumeRole", role_arn.split(":")[4], self.region):
                if fault.kind in _REFUSALS:
                    raise STSClientError(*_REFUSALS[fault.kind])
            if world.settings.external_ids.get(role_arn) not in (None, self._get_param("ExternalId")):
                raise STSClientError(*_REFUSALS["access_denied"])
            return super().assume_role()

    return RolesResponse
