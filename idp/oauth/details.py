"""The authorization_details parameter, wherever it is sent (RFC 9396)."""

from __future__ import annotations

from idp.domain.portals.authorization_details import Details, InvalidDetails, parse_details
from idp.domain.portals.clients import Client
from idp.oauth.errors import InvalidAuthorizationDetails
from idp.oauth.payloads import BodyRequest

NAME = "authorization_details"


def read_details(text: str, client: Client) -> Details:
    """What is asked.

    Raises:
        InvalidAuthorizationDetails: section 5.
    """
    try:
        return parse_details(text, client.authorization_details_types)
    except InvalidDetails as error:
        raise InvalidAuthorizationDetails(f"authorization_details: {error.facts['problem']}.") from error


def refuse_details(body: BodyRequest) -> None:
    """Where no person has agreed to anything that could be narrowed.

    Raises:
        InvalidAuthorizationDetails
    """
    if NAME in body.form:
        raise InvalidAuthorizationDetails("authorization_details are for authorization requests and their grants.")
