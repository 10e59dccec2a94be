// How the request reaches the gateway and how the answer comes back: query, PAR, JAR, JARM, `iss`.

import * as client from 'openid-client'
import { config, failure, key, open, person, signIn } from './portal.mjs'

const signed = async (_, parameters) => client.buildAuthorizationUrlWithJAR(config, parameters, await key())

export const pushedAndSigned = async (_, parameters, options) => {
  const { searchParams } = await signed(config, parameters)
  return client.buildAuthorizationUrlWithPAR(config, searchParams, options)
}

async function told(address) {
  const tokens = await signIn(address)
  return { siret: (await person(tokens)).siret, asked: tokens.asked.sort(), arrived: tokens.arrived.sort() }
}

export const requests = {
  async brief() {
    return person(await signIn())
  },
  async plain() {
    const tokens = await signIn()
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
    const known = await person(tokens)
    const before = await client.tokenIntrospection(config, refreshed.access_token)
    await client.tokenRevocation(config, refreshed.refresh_token)
    const after = await client.tokenIntrospection(config, refreshed.refresh_token)
    return { ...known, refreshed: !!refreshed.id_token, before: before.active, after: after.active }
  },
  async query() {
    return told(client.buildAuthorizationUrl)
  },
  async pushed() {
    return told(client.buildAuthorizationUrlWithPAR)
  },
  async signed() {
    return told(signed)
  },
  async pushedAndSigned() {
    return told(pushedAndSigned)
  },
  async jarm() {
    client.useJwtResponseMode(config)
    return told(client.buildAuthorizationUrl)
  },
  async refused() {
    return failure(signIn())
  },
  async logout() {
    const tokens = await signIn()
    const parameters = { post_logout_redirect_uri: process.env.POST_LOGOUT, id_token_hint: tokens.id_token, state: 'the state' }
    const arrived = await open(client.buildEndSessionUrl(config, parameters))
    return { arrived: String(arrived) }
  },
}
