// What the bench reckons with: its statistics, the verdict on a claim, and rows written past the service being the same rows.
import { openDatabase, type NewPunch } from '@org/data'
import { describe, expect, it } from 'vitest'
import { median, percentile } from '../bench/race.ts'
import { holds, type Claim } from '../bench/report.ts'
import { BenchDatabases, type EngineName } from '../bench/service/bench-databases.ts'
import { readRawRows, writeRawRows } from '../bench/service/raw-rows.ts'
import { EMBEDDED_ONLY } from '../toolchain/scratch-database.ts'

describe('the bench', () => {
  it('takes the middle of its measurements', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('gives the value that a share of its measurements do not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => 100 - at)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 1)).toBe(100)
    expect(percentile([7], 0.5)).toBe(7)
    expect(percentile([], 0.5)).toBeNaN()
  })

  it('counts a bound that is met exactly as kept', () => {
    const claim: Claim = { name: 'x', measured: 50, bound: 50, sense: 'at least', unit: '%' }
    expect(holds(claim)).toBe(true)
    expect(holds({ ...claim, sense: 'at most' })).toBe(true)
    expect(holds({ ...claim, measured: 49.9 })).toBe(false)
    expect(holds({ ...claim, measured: Number.NaN })).toBe(false)
  })

  const engines: readonly EngineName[] = EMBEDDED_ONLY ? ['SQLite'] : ['SQLite', 'MariaDB']
  it.each(engines)('writes into %s by hand what the service has stored', async (engine) => {
    await using databases = new BenchDatabases()
    await using stored = await databases.empty(engine)
    await using copy = await databases.empty(engine)
    const database = await openDatabase(stored.url)
    await using _closing = { [Symbol.asyncDispose]: () => database.close() }
    await (await openDatabase(copy.url)).close()
    await database.transaction((tx) => tx.devices.insert(DEVICE))
    await database.transaction((tx) => tx.punches.insertTail(1, [punch(1), punch(2), punch(3)]))

    const rows = await readRawRows(stored)
    await writeRawRows(copy, rows, 2)
    expect(rows.rows).toHaveLength(3)
    expect(await readRawRows(copy)).toEqual(rows)
  })
})

const NOON = '2026-03-01T12:00:00.000Z'

const DEVICE = {
  name: 'Gate',
  ip: '127.0.0.1',
  port: 4370,
  commKeyEncrypted: null,
  location: null,
  serialNumber: null,
  terminalSerialNumber: null,
  transport: 'tcp',
  timezone: 'UTC',
  nameEncoding: 'auto',
  live: false,
  syncIntervalMinutes: null,
  unlockUnit: 'tenths',
  isConnected: false,
  lastSeenAt: null,
  clockDriftSeconds: null,
  info: null,
  createdAt: NOON,
} as const

function punch(second: number): NewPunch {
  return {
    logNumber: '007',
    packedTime: 800_000_000 + second,
    pin: '007',
    uid: null,
    wallTime: `2026-03-01T12:00:0${second}`,
    timezone: 'UTC',
    at: NOON,
    timeStatus: 'ok',
    state: 0,
    verifyMode: 1,
    workCode: null,
    denied: false,
    receivedAt: NOON,
  }
}
