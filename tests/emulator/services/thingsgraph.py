# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS IoT Things Graph: ListFlowExecutionMessages over a store of executions, some of them built in."""

from __future__ import annotations

import json
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.responses import BaseResponse

from ..http.answers import error_body
from ..world.errors import ApiError
from ..world.executions import SERVICE, Executions
from ..world.places import known_regions

CONTENT_TYPE = "application/x-amz-json-1.1"
Answer = tuple[int, dict[str, Any], str]


class ThingsGraphBackend(BaseBackend):
    """Things Graph of one account and region; a view of the emulator's store."""

    def __init__(self, region_name: str, account_id: str, executions: Executions) -> None:
        super().__init__(region_name, account_id)
        self.executions = executions

    def reset(self) -> None:
        """Keep the store: moto resets every backend of the process, the emulator outlives that."""


def make_backends(executions: Executions) -> BackendDict[ThingsGraphBackend]:
    """Return the backends of every account and region over one store."""

    def backend(region_name: str, account_id: str) -> ThingsGraphBackend:
        return ThingsGraphBackend(region_name, account_id, executions)

    # The service is gone from most regions; the emulator answers in every one.
    return BackendDict(backend, SERVICE, additional_regions=sorted(known_regions()))


def make_response_class(backends: BackendDict[ThingsGraphBackend]) -> type[BaseResponse]:
    """Return the handler of Things Graph over the given backends."""

    class ThingsGraphResponse(BaseResponse):
        def __init__(self) -> None:
            super().__init__(service_name=SERVICE)

        def list_flow_execution_messages(self) -> Answer:
            headers: dict[str, Any] = {"Content-Type": CONTENT_TYPE}
            try:
                request = json.loads(self.body or "{}")
                answer = backends[self.current_account][self.region].executions.list_messages(request)
            except ApiError as error:
                return error.status, {**headers, "status": error.status}, error_body(error, "message")
            return 200, headers, json.dumps(answer, separators=(",", ":"))

    return ThingsGraphResponse
