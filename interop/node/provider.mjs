// npm oidc-provider, whose tokens the guard of package rs has to understand: JWTs
// for one API, handles for another, bound to keys and certificates, and keys that
// change when somebody asks for it (POST /rotate). Its development pages take any
// login.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider, { errors } from "oidc-provider";

const secret = "secret-of-the-guard's-peer";
const apis = {
  "urn:trees": { scope: "tree.read tree.fell", audience: "urn:trees", accessTokenFormat: "jwt", accessTokenTTL: 600, jwt: { sign: { alg: "ES256" } } },
  "urn:stones": { scope: "stone.read", audience: "urn:stones", accessTokenFormat: "opaque", accessTokenTTL: 600 },
};
const client = (client_id, more) => ({
  client_id, client_secret: secret, token_endpoint_auth_method: "client_secret_basic", id_token_signed_response_alg: "ES256",
  grant_types: ["client_credentials"], response_types: [], redirect_uris: [], ...more,
});

let number = 0;
function open(issuer) {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return new Provider(issuer, {
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: `key-${++number}` }] },
    clients: [
      client("machine", {}),
      client("certified", { tls_client_certificate_bound_access_tokens: true }),
      client("api", {}),
      client("web", { grant_types: ["authorization_code"], response_types: ["code"], redirect_uris: ["https://client.example/callback"] }),
    ],
    cookies: { keys: ["guard"] },
    findAccount: (_, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_, by) => by.clientId === "api" },
      revocation: { enabled: true, allowedPolicy: () => true },
      dPoP: { enabled: true },
      mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: (ctx) => ctx.get("x-certificate") || undefined },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo(_, resource) {
          if (!apis[resource]) throw new errors.InvalidTarget();
          return apis[resource];
        },
        useGrantedResource: () => true,
      },
    },
  });
}

let answer;
const server = createServer((request, response) => {
  if (request.url === "/rotate") {
    answer = open(issuer).callback();
    response.end();
    return;
  }
  answer(request, response);
});
let issuer;
server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  answer = open(issuer).callback();
  console.log(`ready ${issuer} ${secret}`);
});
