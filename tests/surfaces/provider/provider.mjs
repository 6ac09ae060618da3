// A real OpenID Connect provider on loopback, for the tests: whoever signs in as NAME is NAME.
// node provider.mjs PORT REDIRECT; prints "ready" when it listens.
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const groups = { amina: ["finance", "Board papers"], mallory: ["hr"], tomas: [] };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "cairn", client_secret: "a secret of tests only", redirect_uris: [redirect] }],
  pkce: { required: () => true },
  scopes: ["openid", "profile", "groups"],
  claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
  conformIdTokenClaims: false,
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, preferred_username: sub, groups: groups[sub] ?? [] }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
