# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The AWS SDK, imported here and nowhere else; where it is missing, the names are there all the same."""

from __future__ import annotations

try:
    import boto3
    import botocore
    import botocore.loaders
    from botocore.config import Config
    from botocore.credentials import RefreshableCredentials
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectTimeoutError,
        EndpointConnectionError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
        ReadTimeoutError,
    )
    from botocore.paginate import TokenDecoder, TokenEncoder
    from botocore.parsers import ResponseParserError
    from botocore.validate import ParamValidator
except ImportError:
    # AnsibleAWSModule and the bases of amazon.aws say what is missing; the names are only needed once that passed.
    boto3 = botocore = Config = RefreshableCredentials = TokenDecoder = TokenEncoder = ParamValidator = None
    BotoCoreError = ClientError = ConnectTimeoutError = EndpointConnectionError = HTTPClientError = Exception
    NoCredentialsError = PartialCredentialsError = ReadTimeoutError = ResponseParserError = Exception

__all__ = [
    "BotoCoreError",
    "ClientError",
    "Config",
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "HTTPClientError",
    "NoCredentialsError",
    "ParamValidator",
    "PartialCredentialsError",
    "ReadTimeoutError",
    "RefreshableCredentials",
    "ResponseParserError",
    "TokenDecoder",
    "TokenEncoder",
    "boto3",
    "botocore",
]
