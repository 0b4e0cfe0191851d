import assert from "node:assert/strict";
import { test } from "node:test";
import * as client from "openid-client";
import { callback, codeFlow, configure, person, realm, walk } from "./party.mjs";

const lasting = { scope: "openid profile email offline_access", prompt: "consent" };

test("code, UserInfo and refresh", async () => {
  const config = await configure("buypass", "demo-web");
  const tokens = await codeFlow(config, "buypass", "eli", lasting);
  const { sub } = tokens.claims();
  const info = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(info.email, person("buypass", "eli").claims.email);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(renewed.access_token, tokens.access_token);
  assert.notEqual(renewed.refresh_token, tokens.refresh_token);
  assert.equal((await client.fetchUserInfo(config, renewed.access_token, sub)).sub, sub);
});

test("introspection and revocation", async () => {
  const config = await configure("buypass", "demo-web");
  const server = await configure("buypass", "demo-rs-myservice");
  const tokens = await codeFlow(config, "buypass", "mats", {
    ...lasting, scope: "openid offline_access myservice.data_read",
  });
  const before = await client.tokenIntrospection(server, tokens.access_token);
  assert.equal(before.active, true);
  assert.match(before.scope, /myservice\.data_read/);
  await client.tokenRevocation(config, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
  const after = await client.tokenIntrospection(server, tokens.access_token);
  assert.deepEqual(after, { active: false });
});

test("the logout address signs out and comes back", async () => {
  const config = await configure("buypass", "demo-web");
  const tokens = await codeFlow(config, "buypass", "eli", { scope: "openid" });
  const { post_logout_redirect_uris: [registered] } = realm("buypass").clients.find((known) => known.client_id === "demo-web");
  const address = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token, post_logout_redirect_uri: registered, state: "back",
  });
  const end = await walk(address, "buypass", "eli");
  assert.equal(end.origin + end.pathname, registered);
  assert.equal(end.searchParams.get("state"), "back");
});

test("client credentials open the API they are for", async () => {
  const config = await configure("buypass", "demo-service");
  const tokens = await client.clientCredentialsGrant(config, { scope: "myservice.data_read" });
  assert.equal(tokens.refresh_token, undefined);
  const data = new URL(`${realm("buypass").apis.myservice}/data`);
  const read = await client.fetchProtectedResource(config, tokens.access_token, data, "GET");
  assert.equal(read.status, 200);
  await assert.rejects(
    client.fetchProtectedResource(config, tokens.access_token, data, "DELETE"),
    (error) => error.status === 403 || error.cause?.[0]?.parameters?.error === "insufficient_scope",
  );
});

test("a client without a secret needs PKCE, and gets tokens by it", async () => {
  const config = await configure("buypass", "demo-spa");
  const tokens = await codeFlow(config, "buypass", "mats", { scope: "openid profile" });
  assert.ok(tokens.claims().sub);
  const without = client.buildAuthorizationUrl(config, { redirect_uri: callback, scope: "openid", state: "s", nonce: "n" });
  const refused = await walk(without, "buypass", "mats");
  assert.equal(refused.searchParams.get("error"), "invalid_request");
});
