"""A machine that gets tokens with pymaskinporten: one for its own organization's
scope, the same again from its cache, and a refusal in the realm's own words."""

import base64
import json
import os

import httpx2 as httpx
from cryptography.hazmat.primitives import serialization
from jwt import PyJWK
from pymaskinporten import MaskinportenClient, MaskinportenTokenError
from pymaskinporten.config import MaskinportenSecrets

FIXTURES = httpx.get(os.environ["TILLIT_BASE"] + "/dev/fixtures.json").json()
REALM = next(realm for realm in FIXTURES["realms"] if realm["name"] == "maskinporten")
META = httpx.get(REALM["issuer"] + "/.well-known/oauth-authorization-server").json()


def client(client_id, scope):
    """A client of the package, with the demo client's own key and our addresses."""
    demo = next(client for client in REALM["clients"] if client["client_id"] == client_id)
    key = demo["jwks"]["keys"][0]
    pem = PyJWK(key).key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    config = MaskinportenSecrets(
        PRIVATE_KEY=pem.decode(), MASKINPORTEN_CLIENT_ID=client_id, KID=key["kid"], SCOPE=scope
    )
    return MaskinportenClient(config, token_url=META["token_endpoint"], audience=META["issuer"])


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


consumer = client("demo-consumer", "skogdata:hogstmelding")
token = consumer.get_token()
assert claims_of(token)["scope"] == "skogdata:hogstmelding", claims_of(token)
assert claims_of(token)["consumer"]["ID"].startswith("0192:"), claims_of(token)
assert consumer.get_token() == token
print("a machine: got a token, and the same again until it expires")

reader = client("demo-provider", "idporten:scopes.read")
answer = httpx.get(REALM["apis"]["scopes"] + "/scopes", headers={"Authorization": "Bearer " + reader.get_token()})
assert answer.status_code == 200 and isinstance(answer.json(), list), answer.text
print("an owner of scopes: listed its own with such a token")

try:
    client("demo-provider", "krr:global/digitalpost.read").get_token()
    raise AssertionError("a scope that is not on the client was given")
except MaskinportenTokenError as refused:
    assert refused.status == 400 and refused.code == "invalid_scope", refused
    assert "krr:global/digitalpost.read" in refused.description, refused
    print("a scope that is not on the client: refused,", refused.description.split(" (")[0])
