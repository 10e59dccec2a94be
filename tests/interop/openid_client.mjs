// The npm package openid-client as a portal without pages: says where the browser must go, and what came of it.
//
// One scenario a run: `node openid_client.mjs SCENARIO`, settings in the environment. Each line it prints is a JSON
// object; {"open": ADDRESS} asks for a browser, and the address where that came out is read from standard input.

import { createInterface } from 'node:readline'
import * as client from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY, DECRYPTION_KEY, ENCRYPTION, REDIRECT_URI, RESOURCE, POST_LOGOUT } = process.env
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (told) => console.log(JSON.stringify(told))
const scenario = process.argv[2]

async function key() {
  const jwk = JSON.parse(PRIVATE_KEY)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return { key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']), kid: jwk.kid }
}

async function open(address) {
  say({ open: String(address) })
  return new URL((await lines.next()).value)
}

async function proof() {
  if (PRIVATE_KEY) return client.PrivateKeyJwt(await key())
  if (CLIENT_ID === 'post') return client.ClientSecretPost(CLIENT_SECRET)
  return CLIENT_SECRET ? client.ClientSecretBasic(CLIENT_SECRET) : client.None()
}

async function decrypting(config) {
  const jwk = JSON.parse(DECRYPTION_KEY)
  const ways = { EC: { name: 'ECDH', namedCurve: jwk.crv }, OKP: 'X25519', RSA: { name: 'RSA-OAEP', hash: 'SHA-256' } }
  const uses = jwk.kty === 'RSA' ? ['decrypt'] : ['deriveBits']
  const key = await crypto.subtle.importKey('jwk', jwk, ways[jwk.kty], false, uses)
  client.enableDecryptingResponses(config, ['A256GCM'], { key, kid: jwk.kid, alg: ENCRYPTION })
}

const metadata = DECRYPTION_KEY ? { userinfo_signed_response_alg: 'ES256' } : {}
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, metadata, await proof(), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})
if (DECRYPTION_KEY) await decrypting(config)

async function begin() {
  const verifier = client.randomPKCECodeVerifier()
  const expected = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const parameters = {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile organization',
    state: expected.expectedState,
    nonce: expected.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  return { parameters, expected }
}

async function signIn(address = client.buildAuthorizationUrl, options = {}) {
  const { parameters, expected } = await begin()
  const arrived = await open(await address(config, parameters, options))
  return client.authorizationCodeGrant(config, arrived, expected, undefined, options)
}

async function person(tokens, options = {}) {
  const { sub } = tokens.claims()
  const told = await client.fetchUserInfo(config, tokens.access_token, sub, options)
  return { sub, siret: told.siret, same: told.sub === sub, type: tokens.token_type }
}

const scenarios = {
  async plain() {
    const tokens = await signIn()
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
    const known = await person(tokens)
    const before = await client.tokenIntrospection(config, refreshed.access_token)
    await client.tokenRevocation(config, refreshed.refresh_token)
    const after = await client.tokenIntrospection(config, refreshed.refresh_token)
    return { ...known, refreshed: !!refreshed.id_token, before: before.active, after: after.active }
  },
  async brief() {
    return person(await signIn())
  },
  async encrypted() {
    const tokens = await signIn()
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
    return { ...(await person(tokens)), parts: tokens.id_token.split('.').length, again: refreshed.claims().sub }
  },
  async logout() {
    const tokens = await signIn()
    const parameters = { post_logout_redirect_uri: POST_LOGOUT, id_token_hint: tokens.id_token, state: 'the state' }
    const arrived = await open(client.buildEndSessionUrl(config, parameters))
    return { arrived: String(arrived) }
  },
  async machine() {
    const tokens = await client.clientCredentialsGrant(config, { resource: RESOURCE })
    return { type: tokens.token_type, payload: JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url')) }
  },
}

say({ result: await scenarios[scenario]() })
process.exit(0)
