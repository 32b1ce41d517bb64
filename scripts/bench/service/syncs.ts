// What a sync costs beyond the terminal's transfer, against the same rows written by hand; and what is new costs what is new:
// a hundred new punches against the whole log.
import { connect } from '@org/zk-proto'
import { openDatabase } from '@org/data'
import { median } from '../race.ts'
import { figures } from '../report.ts'
import type { Claim, Row, Section } from '../report.ts'
import { ENGINES } from './bench-databases.ts'
import type { BenchDatabases, EngineName } from './bench-databases.ts'
import { openService } from './bench-service.ts'
import { startFleet } from './fleet-process.ts'
import { readRawRows, writeRawRows } from './raw-rows.ts'
import type { RawRows } from './raw-rows.ts'

const PEOPLE = 200
const NEW_PUNCHES = 100
/** Rows that a sync stores at a time: those of one slice. The rows written by hand go in as many at a time. */
const BATCH = 1_636

interface SyncRound {
  readonly transferMs: number
  readonly syncMs: number
  readonly rawMs: number
}

/** A first sync of `punches` into an empty database, the library's own reading of the same log, and the same rows by hand. */
export async function benchSync(
  databases: BenchDatabases,
  engine: EngineName,
  punches: number,
  rounds: number,
): Promise<Section> {
  await using fleet = await startFleet({ terminals: 1, people: PEOPLE, punches })
  const port = fleet.ports[0] ?? 0
  const measured: SyncRound[] = []
  let rows: RawRows | undefined
  // The first round is for nothing: it makes the rows, and code that has run before.
  for (let round = 0; round <= rounds; round += 1) {
    const transferMs = await transfer(port, punches)
    await using database = await databases.empty(engine)
    const syncMs = await firstSync(database, port, punches)
    rows ??= await readRawRows(database)
    if (rows.rows.length !== punches) throw new Error(`a sync stored ${rows.rows.length} punches`)
    await using other = await databases.empty(engine)
    await (await openDatabase(other.url)).close()
    const rawMs = await writeRawRows(other, rows, BATCH)
    if (round > 0) measured.push({ transferMs, syncMs, rawMs })
  }
  return syncSection(engine, punches, measured)
}

function syncSection(engine: EngineName, punches: number, rounds: readonly SyncRound[]): Section {
  const driver = engine === 'SQLite' ? 'node:sqlite' : 'mysql2'
  const many = punches.toLocaleString('en')
  const stored = (round: SyncRound): number => round.syncMs - round.transferMs
  const row = (name: string, ms: (round: SyncRound) => number): Row => {
    const times = rounds.map(ms)
    const perSecond = punches / median(times)
    return {
      name,
      values: {
        'median ms': figures(median(times)),
        'best ms': figures(Math.min(...times)),
        'thousand punches/s': figures(perSecond),
      },
    }
  }
  return {
    title: `${many} punches synced into ${engine}`,
    rows: [
      row('sync of the service', ({ syncMs }) => syncMs),
      row('transfer alone, by the library', ({ transferMs }) => transferMs),
      row('sync, transfer taken out', stored),
      row(`the same rows by ${driver}`, ({ rawMs }) => rawMs),
    ],
    claims: [
      {
        name: `${engine}: rate of a sync, transfer taken out, against the same rows by ${driver}`,
        measured: median(rounds.map((round) => round.rawMs / stored(round))) * 100,
        bound: 50,
        sense: 'at least',
        unit: '%',
      },
    ],
  }
}

/** The last hundred of `punches` synced behind the bookmark, against the whole log synced into an empty database. */
export async function benchSyncTail(
  databases: BenchDatabases,
  punches: number,
  rounds: number,
): Promise<Section> {
  await using fleet = await startFleet({ terminals: 1, people: PEOPLE, punches })
  const port = fleet.ports[0] ?? 0
  let there = punches
  const rows: Row[] = []
  const claims: Claim[] = []
  for (const engine of ENGINES) {
    const measured: { readonly wholeMs: number; readonly tailMs: number }[] = []
    for (let round = 0; round <= rounds; round += 1) {
      await using database = await databases.empty(engine)
      await using service = await openService(database)
      const device = await service.register(port)
      const wholeMs = await service.syncMs(device, 'auto', there)
      await fleet.punch(0, NEW_PUNCHES)
      there += NEW_PUNCHES
      const tailMs = await service.syncMs(device, 'auto', NEW_PUNCHES)
      if (round > 0) measured.push({ wholeMs, tailMs })
    }
    const row = (name: string, times: readonly number[]): Row => ({
      name: `${engine}, ${name}`,
      values: { 'median ms': figures(median(times)), 'best ms': figures(Math.min(...times)) },
    })
    rows.push(
      row(
        'whole log',
        measured.map(({ wholeMs }) => wholeMs),
      ),
      row(
        `${NEW_PUNCHES} new`,
        measured.map(({ tailMs }) => tailMs),
      ),
    )
    claims.push({
      name: `${engine}: a sync with ${NEW_PUNCHES} new against the whole one`,
      measured: median(measured.map(({ wholeMs, tailMs }) => tailMs / wholeMs)) * 100,
      bound: 5,
      sense: 'at most',
      unit: '%',
    })
  }
  return { title: `A sync with ${NEW_PUNCHES} new in ${punches.toLocaleString('en')} punches`, rows, claims }
}

async function firstSync(
  database: { readonly url: string; readonly folder: string },
  port: number,
  punches: number,
): Promise<number> {
  await using service = await openService(database)
  return await service.syncMs(await service.register(port), 'auto', punches)
}

/** The library alone, from the first packet to the last. */
async function transfer(port: number, punches: number): Promise<number> {
  const started = performance.now()
  await using terminal = await connect({ host: '127.0.0.1', port, transport: 'tcp' })
  let read = 0
  for await (const batch of terminal.readAttendance()) read += batch.punches.length
  if (read !== punches) throw new Error(`a read gave ${read} punches instead of ${punches}`)
  return performance.now() - started
}
