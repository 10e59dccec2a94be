// The npm package openid-client as a portal: one scenario a run, `node openid_client.mjs SCENARIO`.

import { grants } from './grants.mjs'
import { keys } from './keys.mjs'
import { requests } from './requests.mjs'
import { say } from './portal.mjs'

const scenarios = { ...grants, ...keys, ...requests }
say({ result: await scenarios[process.argv[2]]() })
process.exit(0)
