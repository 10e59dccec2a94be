// The peer `oidc-provider` 9, configured to do what the gateway does: JWT ES256 access tokens for client_credentials,
// RS256 ID tokens, rotated refresh tokens, introspection. PEER_DATABASE_URL empty: its own in-memory storage.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider, errors } from 'oidc-provider';

const port = Number(process.env.PEER_PORT);
const issuer = `http://127.0.0.1:${port}`;
const resource = 'https://api.bench.test';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const jwk = (key, extra) => ({ ...key.privateKey.export({ format: 'jwk' }), use: 'sig', ...extra });
const keys = [
  jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }), { alg: 'RS256', kid: 'rs' }),
  jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }), { alg: 'ES256', kid: 'es' }),
];

const claire = {
  name: 'CLAIRE MOUTIN', given_name: 'CLAIRE', family_name: 'MOUTIN', updated_at: 1790000000, email: 'claire@example.fr',
  email_verified: true,
};
let adapter;
let accounts = { byLogin: () => 'claire-1', claimsOf: () => claire };
if (process.env.PEER_DATABASE_URL) {
  const storage = await import('./adapter.mjs');
  await storage.prepare();
  adapter = storage.PostgresAdapter;
  accounts = storage.accounts;
  await accounts.add('claire-1', 'claire', claire);
}

async function findAccount(ctx, id) {
  const claims = await accounts.claimsOf(id);
  return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) };
}

const resourceServer = () => ({
  scope: 'api email', accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'ES256' } },
});

const provider = new Provider(issuer, {
  adapter,
  jwks: { keys },
  cookies: { keys: ['bench-only-cookie-key'] },
  clients: [
    {
      client_id: 'machine', client_secret: process.env.PEER_SECRET, redirect_uris: [], response_types: [],
      grant_types: ['client_credentials'],
    },
    {
      client_id: 'portal', client_secret: process.env.PEER_SECRET, redirect_uris: [`${process.env.PEER_REDIRECT_URI}`],
      grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT, EXCHANGE_GRANT], id_token_signed_response_alg: 'RS256',
    },
  ],
  claims: { openid: ['sub'], profile: ['name', 'given_name', 'family_name', 'updated_at'], email: ['email', 'email_verified'] },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'api'],
  findAccount,
  extraTokenClaims: (ctx, token) => (token.gty === 'token_exchange' ? { act: { sub: token.clientId } } : undefined),
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx) => (ctx.oidc.params.grant_type === 'client_credentials' ? resource : undefined),
      getResourceServerInfo: resourceServer,
    },
  },
  pkce: { required: () => true },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  async loadExistingGrant(ctx) {
    const grantId = ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
    if (grantId) return ctx.oidc.provider.Grant.find(grantId);
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile email offline_access');
    await grant.save();
    return grant;
  },
});

// Token exchange (RFC 8693), which oidc-provider leaves to a custom grant: the subject token is found and must hold, as for
// introspection, with its grant and its person, and an access token for one API comes out, with the person, the actor and no wider scope.
async function exchange(ctx) {
  const { client, params } = ctx.oidc;
  const subject = await provider.AccessToken.find(params.subject_token);
  if (!subject?.isValid || params.subject_token_type !== ACCESS_TOKEN || subject.clientId !== client.clientId) {
    throw new errors.InvalidRequest('the subject token does not hold');
  }
  const grant = await provider.Grant.find(subject.grantId);
  if (!grant || grant.clientId !== client.clientId || grant.accountId !== subject.accountId) throw new errors.InvalidRequest('no grant');
  if (!await findAccount(ctx, subject.accountId)) throw new errors.InvalidRequest('no account');
  const server = new provider.ResourceServer(params.resource, resourceServer());
  const scopes = params.scope.split(' ').filter((scope) => subject.scopes.has(scope) && server.scopes.has(scope));
  const token = new provider.AccessToken({
    accountId: subject.accountId, client, expiresWithSession: subject.expiresWithSession, grantId: subject.grantId, gty: 'token_exchange',
    resourceServer: server, scope: scopes.join(' '), sessionUid: subject.sessionUid,
  });
  const value = await token.save();
  ctx.body = {
    access_token: value, expires_in: token.expiration, issued_token_type: ACCESS_TOKEN, scope: token.scope, token_type: token.tokenType,
  };
}
provider.registerGrantType(EXCHANGE_GRANT, exchange, ['subject_token', 'subject_token_type', 'scope', 'resource']);

async function interaction(request, response) {
  if (request.method === 'GET') {
    await provider.interactionDetails(request, response);
    response.setHeader('content-type', 'text/html');
    response.end('<form method="post"><input name="login"><input name="password" type="password"><button>ok</button></form>');
    return;
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  const accountId = await accounts.byLogin(new URLSearchParams(body).get('login'));
  if (!accountId) throw new Error('nobody');
  await provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
}

const protocol = provider.callback();
createServer((request, response) => {
  if (request.url.startsWith('/interaction/')) interaction(request, response).catch(() => { response.statusCode = 500; response.end(); });
  else protocol(request, response);
}).listen(port, '127.0.0.1', () => console.log('ready'));
