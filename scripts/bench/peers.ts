// zkteco-js and node-zklib as npm has them: their decoders of 40-byte records inside the very loop that each of them runs
// over a log that it has read, and whole reads. They are dependencies of the simulator's tests and are found from there.
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const READER = fileURLToPath(new URL('peer-read.ts', import.meta.url))
const READ_WITHIN_MS = 60_000

/** The packages that are measured. */
export const PEERS = ['zkteco-js', 'node-zklib'] as const

const load = createRequire(import.meta.resolve('@org/zk-sim'))

/** Decodes a whole log as a peer does: one object a record, in one array. */
export type PeerDecoder = (log: Buffer) => unknown[]

/** zkteco-js 1.7.2: `getAttendances` of src/ztcp.js. */
export const zktecoJs = peer('zkteco-js/src/helper/utils.js')

/** node-zklib 1.3.0: `getAttendances` of zklibtcp.js, which has the same loop. */
export const nodeZklib = peer('node-zklib/utils.js')

const RECORD_BYTES = 40
const IP = '192.168.1.201'

function peer(module: string): PeerDecoder {
  const decode = decoderOf(load(module), module)
  return (log) => {
    const records: unknown[] = []
    let left = log
    while (left.length >= RECORD_BYTES) {
      const record = decode(left.subarray(0, RECORD_BYTES))
      records.push({ ...record, ip: IP })
      left = left.subarray(RECORD_BYTES)
    }
    return records
  }
}

function decoderOf(exported: unknown, module: string): (record: Buffer) => object {
  const decode: unknown =
    typeof exported === 'object' && exported !== null
      ? Reflect.get(exported, 'decodeRecordData40')
      : undefined
  if (typeof decode !== 'function') throw new Error(`${module} exports no decodeRecordData40 any more`)
  return (record) => {
    const decoded: unknown = decode(record)
    if (typeof decoded === 'object' && decoded !== null) return decoded
    throw new Error(`${module} decoded a record to no object`)
  }
}

/** How long a peer takes for the log of a terminal on 127.0.0.1, connected already. Throws when it reads another number of punches. */
export async function peerReadMs(name: string, port: number, punches: number): Promise<number> {
  const { stdout } = await run(process.execPath, [READER, name, String(port)], { timeout: READ_WITHIN_MS })
  const told: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  if (typeof told === 'object' && told !== null && Reflect.get(told, 'read') === punches) {
    return Number(Reflect.get(told, 'ms'))
  }
  throw new Error(`${name} read something else than ${punches} punches: ${stdout}`)
}
