// A login made with oauth4webapi alone, which checks every answer to the letter.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as oauth from "oauth4webapi";
import { callback, person, realm, walk } from "./party.mjs";

const insecure = { [oauth.allowInsecureRequests]: true };

/** What discovery says of a realm. */
async function discover(name) {
  const issuer = new URL(realm(name).issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oidc", ...insecure }));
}

test("discovery by RFC 8414 says the same", async () => {
  const issuer = new URL(realm("buypass").issuer);
  const answer = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
  const found = await oauth.processDiscoveryResponse(issuer, answer);
  assert.equal(found.token_endpoint, (await discover("buypass")).token_endpoint);
});

test("a login: code with PKCE, UserInfo, refresh, revocation", async () => {
  const as = await discover("buypass");
  const known = realm("buypass").clients.find((known) => known.client_id === "demo-web");
  const client = { client_id: known.client_id, id_token_signed_response_alg: "ES256" };
  const authentication = oauth.ClientSecretBasic(known.client_secret);
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const address = new URL(as.authorization_endpoint);
  const parameters = {
    client_id: client.client_id, redirect_uri: callback, response_type: "code", scope: "openid email",
    state, nonce, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);

  const answer = oauth.validateAuthResponse(as, client, await walk(address, "buypass", "eli"), state);
  const redeemed = await oauth.processAuthorizationCodeResponse(
    as, client,
    await oauth.authorizationCodeGrantRequest(as, client, authentication, answer, callback, verifier, insecure),
    { expectedNonce: nonce, requireIdToken: true },
  );
  const { sub } = oauth.getValidatedIdTokenClaims(redeemed);
  const info = await oauth.processUserInfoResponse(
    as, client, sub, await oauth.userInfoRequest(as, client, redeemed.access_token, insecure),
  );
  assert.equal(info.email, person("buypass", "eli").claims.email);

  const renewed = await oauth.processRefreshTokenResponse(
    as, client, await oauth.refreshTokenGrantRequest(as, client, authentication, redeemed.refresh_token, insecure),
  );
  assert.notEqual(renewed.access_token, redeemed.access_token);
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, authentication, renewed.refresh_token, insecure),
  );
  await assert.rejects(async () => oauth.processRefreshTokenResponse(
    as, client, await oauth.refreshTokenGrantRequest(as, client, authentication, renewed.refresh_token, insecure),
  ), { error: "invalid_grant" });
});

test("a request that is refused comes back with state and issuer", async () => {
  const as = await discover("buypass");
  const client = { client_id: "demo-web" };
  const address = new URL(as.authorization_endpoint);
  for (const [name, value] of Object.entries({ client_id: "demo-web", redirect_uri: callback, response_type: "code", scope: "openid nowhere", state: "s-1" })) {
    address.searchParams.set(name, value);
  }
  const end = await walk(address, "buypass", "eli");
  assert.throws(() => oauth.validateAuthResponse(as, client, end, "s-1"), { error: "invalid_request" });
  assert.equal(end.searchParams.get("iss"), as.issuer);
});
