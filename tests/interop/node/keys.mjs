// Tokens that are bound to a key (DPoP, FAPI 2.0, certificates) or encrypted to one.

import * as client from 'openid-client'
import { config, failure, heard, person, signIn } from './portal.mjs'
import { pushedAndSigned } from './requests.mjs'

const newKey = async () => client.getDPoPHandle(config, await client.randomDPoPKeyPair())

async function boundTo(DPoP, token) {
  const { cnf } = await client.tokenIntrospection(config, token)
  return cnf?.jkt === (await DPoP.calculateThumbprint())
}

export const keys = {
  async dpop() {
    const DPoP = await newKey()
    const tokens = await signIn(client.buildAuthorizationUrl, { DPoP })
    const { siret, type } = await person(tokens, { DPoP })
    const again = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP })
    return { siret, type, again: again.token_type, nonces: heard.nonces }
  },
  async introspected() {
    const DPoP = await newKey()
    const tokens = await signIn(client.buildAuthorizationUrl, { DPoP })
    return { bound: await boundTo(DPoP, tokens.access_token) }
  },
  async thief() {
    const [DPoP, other] = [await newKey(), { DPoP: await newKey() }]
    const tokens = await signIn(client.buildAuthorizationUrl, { DPoP })
    const { sub } = tokens.claims()
    const stolen = [
      await failure(client.fetchUserInfo(config, tokens.access_token, sub, other)),
      await failure(client.fetchUserInfo(config, tokens.access_token, sub)),
      await failure(client.refreshTokenGrant(config, tokens.refresh_token, {}, other)),
    ]
    const owner = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP })
    return { stolen, owner: (await client.fetchUserInfo(config, owner.access_token, sub, { DPoP })).siret }
  },
  async fapi() {
    client.useJwtResponseMode(config)
    const DPoP = await newKey()
    const tokens = await signIn(pushedAndSigned, { DPoP })
    const { siret, type } = await person(tokens, { DPoP })
    const again = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP })
    return {
      siret,
      type,
      asked: tokens.asked.sort(),
      arrived: tokens.arrived,
      bound: await boundTo(DPoP, again.access_token),
      rotated: 'refresh_token' in again && again.refresh_token !== tokens.refresh_token,
    }
  },
  async encrypted() {
    const tokens = await signIn()
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
    return { ...(await person(tokens)), parts: tokens.id_token.split('.').length, again: refreshed.claims().sub }
  },
  async certificate() {
    const tokens = await signIn()
    const { siret, type } = await person(tokens)
    const { cnf } = await client.tokenIntrospection(config, tokens.access_token)
    return { siret, type, bound: cnf?.['x5t#S256'], token: tokens.access_token }
  },
}
