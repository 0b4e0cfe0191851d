// A relying party made with openid-client, and the person who answers it.
import assert from "node:assert/strict";
import * as client from "openid-client";

const base = process.env.TILLIT_BASE;
const fixtures = await (await fetch(`${base}/dev/fixtures.json`)).json();

/** Nobody listens here: the walk ends where the browser would be sent. */
export const callback = "http://127.0.0.1:9/callback";

/** The fixtures of a realm. */
export function realm(name) {
  return fixtures.realms.find((realm) => realm.name === name);
}

/** A demo person of a realm. */
export function person(realmName, username) {
  return realm(realmName).people.find((person) => person.username === username);
}

/** Discovers a realm for one of its demo clients. */
export async function configure(realmName, clientId, metadata = {}) {
  const { issuer, clients, resource_servers } = realm(realmName);
  const known = clients.find((known) => known.client_id === clientId) ??
    resource_servers.find((server) => server.client_id === clientId);
  const auth = known.client_secret ? client.ClientSecretBasic(known.client_secret) : client.None();
  return client.discovery(new URL(issuer), clientId, metadata, auth, { execute: [client.allowInsecureRequests] });
}

/** Lets a person answer an authorization request; gives the redirect's address. */
export async function walk(address, realmName, username, decline = []) {
  const response = await fetch(process.env.TILLIT_PERSON, {
    method: "POST",
    body: JSON.stringify({ address: String(address), realm: realmName, username, decline }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return new URL(text);
}

/** A whole code flow with PKCE, state and nonce. */
export async function codeFlow(config, realmName, username, parameters, { decline } = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  });
  const answer = await walk(address, realmName, username, decline);
  return client.authorizationCodeGrant(config, answer, {
    pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true,
  });
}
