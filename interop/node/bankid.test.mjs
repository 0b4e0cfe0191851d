import assert from "node:assert/strict";
import { test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import { codeFlow, configure, person, realm } from "./party.mjs";

const signed = { userinfo_signed_response_alg: "ES256", id_token_signed_response_alg: "ES256" };

test("the claims parameter and signed UserInfo", async () => {
  const config = await configure("bankid", "demo-web", signed);
  client.enableNonRepudiationChecks(config);
  const kari = person("bankid", "kari");
  const tokens = await codeFlow(config, "bankid", "kari", {
    scope: "openid profile",
    claims: JSON.stringify({ userinfo: { nnin: null, phone_number: { essential: true } } }),
  });
  assert.equal(tokens.claims().name, kari.claims.name);
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.nnin, kari.claims.nnin);
  assert.equal(info.phone_number, kari.claims.phone_number);
  assert.equal(info.email, undefined);
});

test("what the person declines is not given", async () => {
  const config = await configure("bankid", "demo-web", signed);
  const tokens = await codeFlow(config, "bankid", "jonas", { scope: "openid profile nnin phone" }, { decline: ["nnin"] });
  assert.deepEqual(new Set(tokens.scope.split(" ")), new Set(["openid", "profile", "phone"]));
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(info.nnin, undefined);
  assert.equal(info.phone_number, person("bankid", "jonas").claims.phone_number);
});

test("jose verifies access token and UserInfo with the published keys", async () => {
  const config = await configure("bankid", "demo-web", signed);
  const { issuer } = realm("bankid");
  const tokens = await codeFlow(config, "bankid", "kari", { scope: "openid profile nnin" });
  const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const access = await jwtVerify(tokens.access_token, keys, { issuer, algorithms: ["ES256"] });
  assert.equal(access.payload.sub, tokens.claims().sub);
  const response = await fetch(config.serverMetadata().userinfo_endpoint, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  assert.match(response.headers.get("content-type"), /^application\/jwt/);
  const info = await jwtVerify(await response.text(), keys, { issuer, audience: "demo-web", algorithms: ["ES256"] });
  assert.equal(info.payload.nnin, person("bankid", "kari").claims.nnin);
});
