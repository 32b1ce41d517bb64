// A service that adds a person and waits for the finger, as a process of its own, so that it can be killed. Prints a line as soon
// as DEVICE_PORT is registered.
import { openDatabase } from '@org/data'
import { createServices, readConfig, SYSTEM } from '../../src/index.ts'
import { testLog } from '../../../../scripts/toolchain/test-log.ts'

const config = readConfig(process.env)
const database = await openDatabase(config.databaseUrl)
const services = await createServices(config, database, { role: 'both', log: testLog() })
const { device } = await services.devices.register(
  { name: 'Gate', ip: '127.0.0.1', port: Number(process.env['DEVICE_PORT']) },
  SYSTEM,
)
process.stdout.write(`registered ${device.id}\n`)
await services.people.add({
  deviceId: device.id,
  pin: '1042',
  name: 'Siti Rahma',
  password: '4711',
  enrol: { finger: 6, timeoutSeconds: 180 },
  by: SYSTEM,
  mayGrant: false,
  signal: new AbortController().signal,
})
