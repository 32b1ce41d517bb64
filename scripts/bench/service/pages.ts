// Pages by cursor cost the same wherever they are and however many punches there are: a short table and a long one, side by side
// in databases of their own, the list of all and the list of one device.
import { openDatabase } from '@org/data'
import type { Database, NewPunch, PunchFilter } from '@org/data'
import { median } from '../race.ts'
import { figures } from '../report.ts'
import type { Claim, Row, Section } from '../report.ts'
import type { BenchDatabases, EngineName } from './bench-databases.ts'

const DEVICES = 4
const PEOPLE = 300
const BATCH = 1_636
const LIMIT = 100
/** How a deep page is got to: by pages as long as the API gives. */
const STRIDE = 1_000
const PLACES = ['first page', 'middle', 'near the end'] as const
/** A page of the long table may take so many times as long as one of the short table. */
const BOUND = 2
const FIRST_SECOND = Date.UTC(2015, 0, 1) / 1_000
const FIRST_PACKED = 400_000_000

type Place = (typeof PLACES)[number]

interface FilledTable {
  readonly database: Database
  /** Cursors of the places, for each list. */
  readonly cursors: ReadonlyMap<string, string | null>
}

/** `short` and `long` are numbers of punches. */
export async function benchPages(
  databases: BenchDatabases,
  engines: readonly EngineName[],
  { short, long }: { readonly short: number; readonly long: number },
  rounds: number,
): Promise<Section> {
  const rows: Row[] = []
  const claims: Claim[] = []
  for (const engine of engines) {
    await using ending = new AsyncDisposableStack()
    const shortTable = await filled(databases, engine, short, ending)
    const longTable = await filled(databases, engine, long, ending)
    for (const [list, filter] of LISTS) {
      const ratios: number[] = []
      for (const place of PLACES) {
        const times = { short: [] as number[], long: [] as number[] }
        for (let round = -2; round < rounds; round += 1) {
          const both = {
            short: await pageMs(shortTable, list, filter, place),
            long: await pageMs(longTable, list, filter, place),
          }
          if (round < 0) continue
          times.short.push(both.short)
          times.long.push(both.long)
        }
        ratios.push(median(times.long.map((ms, at) => ms / (times.short[at] ?? Number.NaN))))
        rows.push({
          name: `${engine}, ${list}, ${place}`,
          values: {
            [`ms, ${short.toLocaleString('en')}`]: figures(median(times.short)),
            [`ms, ${long.toLocaleString('en')}`]: figures(median(times.long)),
            'times as long': figures(ratios.at(-1) ?? Number.NaN),
          },
        })
      }
      claims.push({
        name: `${engine}: a page of ${list}, ${long.toLocaleString('en')} against ${short.toLocaleString('en')}, worst place`,
        measured: Math.max(...ratios),
        bound: BOUND,
        sense: 'at most',
        unit: 'times',
      })
    }
  }
  return { title: `Pages of ${LIMIT} punches by cursor`, rows, claims }
}

const LISTS: readonly (readonly [string, PunchFilter])[] = [
  ['all punches', {}],
  ['one device', { deviceIds: [1] }],
]

async function pageMs(
  { database, cursors }: FilledTable,
  list: string,
  filter: PunchFilter,
  place: Place,
): Promise<number> {
  const cursor = cursors.get(`${list}, ${place}`) ?? null
  const started = performance.now()
  const { rows } = await database.punches.list(filter, '-timestamp', { cursor, limit: LIMIT })
  const ms = performance.now() - started
  if (rows.length !== LIMIT) throw new Error(`a page had ${rows.length} punches`)
  return ms
}

async function filled(
  databases: BenchDatabases,
  engine: EngineName,
  punches: number,
  ending: AsyncDisposableStack,
): Promise<FilledTable> {
  const { url } = ending.use(await databases.empty(engine))
  const database = ending.adopt(await openDatabase(url), (it) => it.close())
  for (let device = 1; device <= DEVICES; device += 1) await insertDevice(database, device)
  const each = punches / DEVICES
  for (let from = 0; from < each; from += BATCH) {
    for (let device = 1; device <= DEVICES; device += 1) {
      const batch = Array.from({ length: Math.min(BATCH, each - from) }, (_, at) =>
        punchOf(from + at, device),
      )
      await database.transaction((tx) => tx.punches.insertTail(device, batch))
    }
  }
  const cursors = new Map<string, string | null>()
  for (const [list, filter] of LISTS) {
    const total = list === 'all punches' ? punches : each
    for (const [place, cursor] of await cursorsOf(database, filter, total))
      cursors.set(`${list}, ${place}`, cursor)
  }
  return { database, cursors }
}

/** Walks the list once. */
async function cursorsOf(
  database: Database,
  filter: PunchFilter,
  total: number,
): Promise<Map<Place, string | null>> {
  const steps = Math.floor(total / STRIDE)
  const found = new Map<Place, string | null>([['first page', null]])
  let cursor: string | null = null
  for (let step = 1; step < steps; step += 1) {
    const page = await database.punches.list(filter, '-timestamp', { cursor, limit: STRIDE })
    cursor = page.nextCursor
    if (step === Math.floor(steps / 2)) found.set('middle', cursor)
    if (step === steps - 1) found.set('near the end', cursor)
  }
  return found
}

/** Every device's log is in the order of time, one punch in ten seconds. */
function punchOf(index: number, device: number): NewPunch {
  const at = new Date((FIRST_SECOND + index * 10 + device) * 1_000).toISOString()
  const pin = String(1_000 + ((index * 7 + device) % PEOPLE))
  return {
    logNumber: pin,
    packedTime: FIRST_PACKED + index * 10,
    pin,
    uid: null,
    wallTime: at.slice(0, 19),
    timezone: 'UTC',
    at,
    timeStatus: 'ok',
    state: index % 2,
    verifyMode: 1,
    workCode: null,
    denied: false,
    receivedAt: at,
  }
}

async function insertDevice(database: Database, number: number): Promise<void> {
  const now = new Date().toISOString()
  const { id } = await database.transaction((tx) =>
    tx.devices.insert({
      name: `Terminal ${number}`,
      ip: '127.0.0.1',
      port: number,
      commKeyEncrypted: null,
      location: null,
      serialNumber: null,
      terminalSerialNumber: `BENCH${number}`,
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
      createdAt: now,
    }),
  )
  if (id !== number) throw new Error(`the device ${number} of an empty database got the id ${id}`)
}
