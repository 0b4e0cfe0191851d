"""Relying parties made with Authlib: a login with PKCE, UserInfo and refresh by a
client with a secret, one without, and a machine."""

import json
import os

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

BASE = os.environ["TILLIT_BASE"]
CALLBACK = "http://127.0.0.1:9/callback"  # nobody listens: the walk ends there

FIXTURES = requests.get(f"{BASE}/dev/fixtures.json", timeout=10).json()
REALM = next(realm for realm in FIXTURES["realms"] if realm["name"] == "buypass")
META = requests.get(f"{REALM['issuer']}/.well-known/openid-configuration", timeout=10).json()
KEYS = KeySet.import_key_set(requests.get(META["jwks_uri"], timeout=10).json())
PERSON = next(person for person in REALM["people"] if person["username"] == "eli")


def walk(address):
    """Lets the person answer an authorization request."""
    task = {"address": address, "realm": "buypass", "username": PERSON["username"]}
    answer = requests.post(os.environ["TILLIT_PERSON"], data=json.dumps(task), timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def claims_of(id_token, client_id, nonce):
    """Verifies an ID Token with the published keys."""
    token = jwt.decode(id_token, KEYS, algorithms=META["id_token_signing_alg_values_supported"])
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": REALM["issuer"]},
        aud={"essential": True, "value": client_id},
        nonce={"essential": True, "value": nonce},
        exp={"essential": True},
    )
    rules.validate(token.claims)
    return token.claims


def login(client_id, **authentication):
    """Signs the person in and gives session, tokens and claims."""
    session = OAuth2Session(
        client_id, scope="openid email", redirect_uri=CALLBACK, code_challenge_method="S256",
        token_endpoint=META["token_endpoint"], **authentication,
    )
    verifier, nonce = generate_token(64), generate_token()
    address, state = session.create_authorization_url(META["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    tokens = session.fetch_token(
        META["token_endpoint"], authorization_response=walk(address), state=state, code_verifier=verifier,
    )
    return session, tokens, claims_of(tokens["id_token"], client_id, nonce)


def demo(client_id):
    return next(client for client in REALM["clients"] if client["client_id"] == client_id)


def with_secret():
    session, tokens, claims = login("demo-web", client_secret=demo("demo-web")["client_secret"])
    info = session.get(META["userinfo_endpoint"]).json()
    assert info["sub"] == claims["sub"], (info, claims)
    assert info["email"] == PERSON["claims"]["email"], info
    renewed = session.refresh_token(META["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert renewed["access_token"] != tokens["access_token"]
    print("a client with a secret: signed in, asked UserInfo, refreshed")


def without_secret():
    session, _, claims = login("demo-spa", token_endpoint_auth_method="none")
    assert session.get(META["userinfo_endpoint"]).json()["sub"] == claims["sub"]
    print("a client without a secret: signed in by PKCE, asked UserInfo")


def as_machine():
    session = OAuth2Session("demo-service", demo("demo-service")["client_secret"])
    tokens = session.fetch_token(META["token_endpoint"], grant_type="client_credentials", scope="service-api")
    assert tokens["scope"] == "service-api", tokens
    seen = session.introspect_token(META["introspection_endpoint"], token=tokens["access_token"]).json()
    assert seen["active"] is True, seen
    session.revoke_token(META["revocation_endpoint"], token=tokens["access_token"])
    seen = session.introspect_token(META["introspection_endpoint"], token=tokens["access_token"]).json()
    assert seen == {"active": False}, seen
    print("a machine: got a token, looked at it, revoked it")


with_secret()
without_secret()
as_machine()
