// npm oidc-provider as a peer of the load generator: its own adapter in memory
// (nothing is durable, the oldest of 1,000 entries are dropped), ES256, its
// development pages for signing in and consent, which take any login.
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://localhost:${port}`;
const secret = "peer-secret-of-the-load-generator";
const api = "urn:bench:api";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const client = (client_id, more) => ({ client_id, client_secret: secret, token_endpoint_auth_method: "client_secret_basic", id_token_signed_response_alg: "ES256", ...more });

const provider = new Provider(issuer, {
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "bench" }] },
  clients: [
    client("service", { grant_types: ["client_credentials"], response_types: [], redirect_uris: [] }),
    client("web", { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], redirect_uris: ["https://client.example/callback"] }),
  ],
  cookies: { keys: ["bench"] },
  claims: { openid: ["sub"], profile: ["name", "given_name", "family_name"] },
  findAccount: (_, sub) => ({ accountId: sub, claims: async () => ({ sub, name: "Kari Skogheim", given_name: "Kari", family_name: "Skogheim" }) }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, c) => (c.clientId === "service" ? api : undefined),
      getResourceServerInfo: () => ({ scope: "read", audience: api, accessTokenFormat: "jwt", accessTokenTTL: 600, jwt: { sign: { alg: "ES256" } } }),
      useGrantedResource: () => false,
    },
  },
});
provider.listen(port, "127.0.0.1");
