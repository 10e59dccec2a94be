// Grants that no browser of the portal takes part in: machine, device, exchange.

import * as client from 'openid-client'
import { config, failure, open, payload, person, signIn } from './portal.mjs'

const { RESOURCE, SUBJECT_TOKEN } = process.env
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

export const grants = {
  async machine() {
    const tokens = await client.clientCredentialsGrant(config, { resource: RESOURCE })
    return { type: tokens.token_type, payload: payload(tokens.access_token) }
  },
  async device() {
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid profile organization' })
    const poll = () => failure(client.genericGrantRequest(config, DEVICE, { device_code: device.device_code }))
    const early = [await poll(), await poll()]
    await open(device.verification_uri_complete)
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: device.interval + 5 })
    return { early, siret: (await person(tokens)).siret, spent: await poll() }
  },
  async refusedDevice() {
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid' })
    await open(device.verification_uri_complete)
    return failure(client.pollDeviceAuthorizationGrant(config, device))
  },
  async token() {
    const tokens = await signIn(client.buildAuthorizationUrl, {}, { resource: RESOURCE })
    return { sub: tokens.claims().sub, token: tokens.access_token }
  },
  async exchange() {
    const asked = { subject_token: SUBJECT_TOKEN, subject_token_type: ACCESS_TOKEN, resource: RESOURCE }
    const tokens = await client.genericGrantRequest(config, EXCHANGE, asked)
    return { kind: tokens.issued_token_type, payload: payload(tokens.access_token) }
  },
  async refusedExchange() {
    const asked = { subject_token: SUBJECT_TOKEN, subject_token_type: ACCESS_TOKEN, resource: RESOURCE }
    return failure(client.genericGrantRequest(config, EXCHANGE, asked))
  },
}
