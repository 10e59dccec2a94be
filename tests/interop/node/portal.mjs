// A portal without pages on the npm package openid-client: settings come in the environment, and it asks whoever started
// it to open addresses. Each line it prints is a JSON object: {"open": ADDRESS} asks for a browser, and the address where
// that came out is read from standard input.

import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { createInterface } from 'node:readline'
import * as client from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY, CERTIFICATE, DECRYPTION_KEY, ENCRYPTION, REDIRECT_URI } = process.env
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const certificate = CERTIFICATE && { cert: readFileSync(CERTIFICATE), key: readFileSync(CERTIFICATE) }
export const heard = { nonces: 0 }
export const say = (told) => console.log(JSON.stringify(told))

export async function key() {
  const jwk = JSON.parse(PRIVATE_KEY)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return { key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']), kid: jwk.kid }
}

export async function open(address) {
  say({ open: String(address) })
  return new URL((await lines.next()).value)
}

async function proof() {
  if (CERTIFICATE) return client.TlsClientAuth()
  if (PRIVATE_KEY) return client.PrivateKeyJwt(await key())
  if (CLIENT_ID === 'post') return client.ClientSecretPost(CLIENT_SECRET)
  return CLIENT_SECRET ? client.ClientSecretBasic(CLIENT_SECRET) : client.None()
}

// Node's fetch shows no certificate; node:https does.
function fetchByCertificate(url, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ...certificate }, async (answer) => {
      const chunks = await answer.toArray()
      resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: answer.headers }))
    })
    sent.on('error', reject)
    sent.end(body === undefined || body === null ? undefined : String(body))
  })
}

async function ask(url, options) {
  const answer = await (certificate ? fetchByCertificate : fetch)(url, options)
  if (!answer.ok && answer.headers.has('DPoP-Nonce')) heard.nonces += 1
  return answer
}

async function decrypting(config) {
  const jwk = JSON.parse(DECRYPTION_KEY)
  const ways = { EC: { name: 'ECDH', namedCurve: jwk.crv }, OKP: 'X25519', RSA: { name: 'RSA-OAEP', hash: 'SHA-256' } }
  const uses = jwk.kty === 'RSA' ? ['decrypt'] : ['deriveBits']
  const key = await crypto.subtle.importKey('jwk', jwk, ways[jwk.kty], false, uses)
  client.enableDecryptingResponses(config, ['A256GCM'], { key, kid: jwk.kid, alg: ENCRYPTION })
}

const metadata = { use_mtls_endpoint_aliases: !!CERTIFICATE, ...(DECRYPTION_KEY && { userinfo_signed_response_alg: 'ES256' }) }
export const config = await client.discovery(new URL(ISSUER), CLIENT_ID, metadata, await proof(), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  [client.customFetch]: ask,
})
if (DECRYPTION_KEY) await decrypting(config)

export async function begin(more = {}) {
  const verifier = client.randomPKCECodeVerifier()
  const expected = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const parameters = {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile organization',
    state: expected.expectedState,
    nonce: expected.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { parameters, expected }
}

export async function signIn(address = client.buildAuthorizationUrl, options = {}, more = {}) {
  const { parameters, expected } = await begin(more)
  const asked = await address(config, parameters, options)
  const arrived = await open(asked)
  const target = more.resource && { resource: more.resource }
  const tokens = await client.authorizationCodeGrant(config, arrived, expected, target, options)
  return Object.assign(tokens, { asked: [...asked.searchParams.keys()], arrived: [...arrived.searchParams.keys()] })
}

export async function person(tokens, options = {}) {
  const { sub } = tokens.claims()
  const told = await client.fetchUserInfo(config, tokens.access_token, sub, options)
  return { sub, siret: told.siret, same: told.sub === sub, type: tokens.token_type }
}

// Why the promise was not kept, in the shortest word that the library has for it.
export async function failure(promise) {
  try {
    await promise
  } catch (error) {
    return error.error ?? error.cause?.[0]?.parameters?.error ?? error.cause?.error ?? error.code ?? String(error)
  }
  return 'none'
}

export const payload = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
