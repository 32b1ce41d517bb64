// zkteco-js and node-zklib as npm has them: their decoders of 40-byte records inside the very loop that each of them runs
// over a log that it has read. They are dependencies of the simulator's tests and are found from there.
import { createRequire } from 'node:module'

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
