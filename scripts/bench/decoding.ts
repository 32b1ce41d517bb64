// Bytes in memory to punches and to columns, without a network: against the decoders of other clients, and against the
// tightest loop that can be written by hand for this one record form.
import { AttendanceColumns, attendanceForm, decodePunches } from '@org/zk-proto/wire'
import type { AttendanceForm } from '@org/zk-proto/wire'
import { madeLog, RECORD_BYTES } from './made-log.ts'
import { nodeZklib, zktecoJs } from './peers.ts'
import { race } from './race.ts'
import { figures } from './report.ts'
import type { Section } from './report.ts'

/** Records of one slice: what a batch holds when a log is read over TCP. */
const BATCH_RECORDS = 1_636

/** Records per second of each decoder, and the ratios that are claimed of ours. */
export async function benchDecoding(records: number, rounds: number): Promise<Section> {
  const form = form40()
  const log = madeLog(records)
  const asBuffer = Buffer.from(log.buffer, log.byteOffset, log.byteLength)
  const result = await race(
    {
      'zkteco-js': () => zktecoJs(asBuffer),
      'node-zklib': () => nodeZklib(asBuffer),
      'punches, every number and pin read': () => readPunches(form, log),
      'punches, wall time as text too': () => readPunchesWithText(form, log),
      columns: () => readColumns(form, log),
      'tight loop by hand': () => tightLoop(log, new Arrays(records)),
    },
    rounds,
    2,
  )
  const peer = result.medianMs('zkteco-js') < result.medianMs('node-zklib') ? 'zkteco-js' : 'node-zklib'
  const ours = 'punches, every number and pin read'
  return {
    title: `Decoding ${records.toLocaleString('en')} records of 40 bytes`,
    rows: result.names.map((name) => ({
      name,
      values: {
        'median ms': figures(result.medianMs(name)),
        'best ms': figures(result.bestMs(name)),
        'M records/s': figures(records / result.medianMs(name) / 1_000),
        'times the faster peer': figures(result.timesAsLong(peer, name)),
      },
    })),
    claims: [
      {
        name: `punches in batches against ${peer}`,
        measured: result.timesAsLong(peer, ours),
        bound: 10,
        sense: 'at least',
        unit: 'times',
      },
      {
        name: 'columns against a tight loop by hand',
        measured: result.timesAsLong('tight loop by hand', 'columns') * 100,
        bound: 60,
        sense: 'at least',
        unit: '%',
      },
    ],
  }
}

function form40(): AttendanceForm {
  const form = attendanceForm('attendance/40', RECORD_BYTES)
  if (form === undefined) throw new Error('the library no longer knows the 40-byte record')
  return form
}

function* batches(log: Uint8Array): Generator<Uint8Array> {
  const batchBytes = BATCH_RECORDS * RECORD_BYTES
  for (let at = 0; at < log.length; at += batchBytes) yield log.subarray(at, at + batchBytes)
}

/** Reads of each punch what the peers decode; the sum keeps the work from being optimised away. */
function readPunches(form: AttendanceForm, log: Uint8Array): number {
  let sum = 0
  let index = 0
  for (const batch of batches(log)) {
    const punches = decodePunches(form, batch, index)
    for (const { uid = 0, pin = '', packedTime, verifyMode, state } of punches) {
      sum += uid + pin.length + packedTime + verifyMode + state
    }
    index += punches.length
  }
  return sum
}

function readPunchesWithText(form: AttendanceForm, log: Uint8Array): number {
  let sum = 0
  let index = 0
  for (const batch of batches(log)) {
    const punches = decodePunches(form, batch, index)
    for (const { uid = 0, pin = '', wallTime, verifyMode, state } of punches) {
      sum += uid + pin.length + wallTime.length + verifyMode + state
    }
    index += punches.length
  }
  return sum
}

function readColumns(form: AttendanceForm, log: Uint8Array): number {
  let rows = 0
  for (const batch of batches(log)) rows += new AttendanceColumns(form, batch).length
  return rows
}

class Arrays {
  readonly uid: Uint16Array
  readonly pin: Float64Array
  readonly verifyMode: Uint8Array
  readonly packedTime: Uint32Array
  readonly state: Uint8Array

  constructor(rows: number) {
    this.uid = new Uint16Array(rows)
    this.pin = new Float64Array(rows)
    this.verifyMode = new Uint8Array(rows)
    this.packedTime = new Uint32Array(rows)
    this.state = new Uint8Array(rows)
  }
}

/** One pass with the offsets written out. It takes every pin for a number and checks nothing. */
function tightLoop(log: Uint8Array, { uid, pin, verifyMode, packedTime, state }: Arrays): void {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength)
  for (let row = 0, at = 0; at < log.length; row += 1, at += 40) {
    uid[row] = view.getUint16(at, true)
    let number = 0
    for (let next = at + 2; next < at + 26; next += 1) {
      const character = view.getUint8(next)
      if (character === 0) break
      number = number * 10 + (character - 48)
    }
    pin[row] = number
    verifyMode[row] = view.getUint8(at + 26)
    packedTime[row] = view.getUint32(at + 27, true)
    state[row] = view.getUint8(at + 31)
  }
}
