// What goes beyond the plain code flow: pushed requests, keys of clients, proofs
// of possession, signed requests and answers, hybrid answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as client from "openid-client";
import { callback, person, realm, walk } from "./party.mjs";

/** The private key of the demo client that signs. */
async function signingKey() {
  const { jwks } = realm("buypass").clients.find((known) => known.client_id === "demo-jwt");
  const [{ use, alg, ...jwk }] = jwks.keys;
  const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  return { key, kid: jwk.kid };
}

/** Discovers buypass for the demo client that signs. */
async function signing() {
  const key = await signingKey();
  const config = await discover("buypass", "demo-jwt", {}, client.PrivateKeyJwt(key));
  return { config, key };
}

async function discover(realmName, clientId, metadata = {}, authentication) {
  const known = realm(realmName).clients.find((known) => known.client_id === clientId);
  authentication ??= known.client_secret ? client.ClientSecretBasic(known.client_secret) : client.None();
  return client.discovery(new URL(realm(realmName).issuer), clientId, metadata, authentication, {
    execute: [client.allowInsecureRequests],
  });
}

/** The parameters of a request, and the checks of its answer. */
async function request(parameters) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  return {
    parameters: {
      redirect_uri: callback,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
      state: expectedState,
      nonce: expectedNonce,
      ...parameters,
    },
    checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true },
  };
}

test("a client proves who it is with its key, and pushes its request", async () => {
  const { config } = await signing();
  const { parameters, checks } = await request({ scope: "openid email" });
  const address = await client.buildAuthorizationUrlWithPAR(config, parameters);
  assert.deepEqual([...address.searchParams.keys()].sort(), ["client_id", "request_uri"]);
  const tokens = await client.authorizationCodeGrant(config, await walk(address, "buypass", "eli"), checks);
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.email, person("buypass", "eli").claims.email);
  const machine = await client.clientCredentialsGrant(config, { scope: "service-api" });
  assert.equal(machine.scope, "service-api");
});

test("a signed request object, plain and pushed", async () => {
  const { config, key } = await signing();
  for (const pushed of [false, true]) {
    const { parameters, checks } = await request({ scope: "openid email" });
    let address = await client.buildAuthorizationUrlWithJAR(config, parameters, key);
    assert.ok(address.searchParams.get("request"));
    if (pushed) address = await client.buildAuthorizationUrlWithPAR(config, address.searchParams);
    const tokens = await client.authorizationCodeGrant(config, await walk(address, "buypass", "eli"), checks);
    assert.deepEqual(new Set(tokens.scope.split(" ")), new Set(["openid", "email"]));
  }
});

test("tokens bound to a key, from the pushed request to the refresh", async () => {
  const config = await discover("buypass", "demo-spa");
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  const { parameters, checks } = await request({ scope: "openid profile email" });
  const address = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
  const end = await walk(address, "buypass", "eli");
  const tokens = await client.authorizationCodeGrant(config, end, checks, undefined, { DPoP });
  assert.equal(tokens.token_type, "dpop");
  const { sub } = tokens.claims();
  assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).sub, sub);
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub), { status: 401 });
  const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: other }));
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal(renewed.token_type, "dpop");
});

test("proofs bear a nonce where the provider asks for one", async () => {
  const fixtures = await (await fetch(`${process.env.TILLIT_NONCES}/dev/fixtures.json`)).json();
  const { issuer, clients } = fixtures.realms.find((realm) => realm.name === "buypass");
  const { client_secret } = clients.find((known) => known.client_id === "demo-service");
  const config = await client.discovery(new URL(issuer), "demo-service", {}, client.ClientSecretBasic(client_secret), {
    execute: [client.allowInsecureRequests],
  });
  const answers = [];
  config[client.customFetch] = async (...request) => {
    const response = await fetch(...request);
    answers.push([response.status, Boolean(response.headers.get("dpop-nonce"))]);
    return response;
  };
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  for (let i = 0; i < 2; i++) {
    const tokens = await client.clientCredentialsGrant(config, { scope: "service-api" }, { DPoP });
    assert.equal(tokens.token_type, "dpop");
  }
  assert.deepEqual(answers, [[400, true], [200, true], [200, true]]); // one refusal, and never again
});

test("the answer is signed", async () => {
  const config = await discover("buypass", "demo-web", { authorization_signed_response_alg: "ES256" });
  client.useJwtResponseMode(config);
  const { parameters, checks } = await request({ scope: "openid" });
  const end = await walk(client.buildAuthorizationUrl(config, parameters), "buypass", "eli");
  assert.deepEqual([...end.searchParams.keys()], ["response"]);
  const tokens = await client.authorizationCodeGrant(config, end, checks);
  assert.ok(tokens.claims().sub);
});

test("code and ID Token at once", async () => {
  const config = await discover("bankid", "demo-hybrid", { id_token_signed_response_alg: "ES256" });
  client.useCodeIdTokenResponseType(config);
  const { parameters, checks } = await request({ scope: "openid profile" });
  const end = await walk(client.buildAuthorizationUrl(config, parameters), "bankid", "kari");
  assert.match(end.hash, /id_token=/);
  const tokens = await client.authorizationCodeGrant(config, end, checks);
  assert.equal(tokens.claims().name, person("bankid", "kari").claims.name);
});

test("an ID Token alone has the claims of the scopes", async () => {
  const config = await discover("buypass", "demo-implicit", { id_token_signed_response_alg: "ES256" });
  client.useIdTokenResponseType(config);
  const { parameters, checks } = await request({ scope: "openid email" });
  const { code_challenge, code_challenge_method, ...plain } = parameters;
  const end = await walk(client.buildAuthorizationUrl(config, plain), "buypass", "eli");
  const claims = await client.implicitAuthentication(config, end, checks.expectedNonce, { expectedState: checks.expectedState });
  assert.equal(claims.email, person("buypass", "eli").claims.email);
});
