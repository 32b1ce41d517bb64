// A process that syncs one device and tells, as JSON, by how much its heap grew meanwhile at most, what could be freed being freed first.
// Run with --expose-gc; DEVICE_ID says which device.
import { openDatabase } from '@org/data'
import { createServices, readConfig } from '../../src/index.ts'

const { gc } = globalThis
if (gc === undefined) throw new Error('run with --expose-gc')
const heldBytes = (): number => {
  gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const config = readConfig(process.env)
const database = await openDatabase(config.databaseUrl)
const services = await createServices(config, database, { role: 'both' })
const before = heldBytes()
let most = before
let looks = 0
const { read } = await services.syncAttendance({
  deviceId: Number(process.env['DEVICE_ID']),
  mode: 'auto',
  signal: new AbortController().signal,
  progress({ phase }) {
    if (phase !== 'reading') return
    looks += 1
    if (looks % 20 === 0) most = Math.max(most, heldBytes())
  },
})
process.stdout.write(`${JSON.stringify({ read, looks, grownBytes: most - before })}\n`)
await services.close()
await database.close()
