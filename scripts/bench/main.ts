// `pnpm bench`: how fast the protocol library and the service are, as ratios within one run and as memory, each held against
// its bound. Ends with exit code 1 when a bound is not kept. What the numbers mean: docs/performance.md.
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { benchDecoding } from './decoding.ts'
import { benchMemory } from './memory.ts'
import { claimsText, holds, sectionText } from './report.ts'
import type { Section } from './report.ts'
import { BenchDatabases, ENGINES } from './service/bench-databases.ts'
import type { EngineName } from './service/bench-databases.ts'
import { benchCachedList, benchLogin, benchStart } from './service/http.ts'
import { benchLive } from './service/live.ts'
import { benchPages } from './service/pages.ts'
import { benchPeople } from './service/people.ts'
import { benchSyncMemory } from './service/sync-memory.ts'
import { benchSync, benchSyncTail } from './service/syncs.ts'
import { benchSimulatorIdle, benchSimulatorReads } from './simulator.ts'
import { benchSmallReads, benchTail } from './tails.ts'
import { benchTransfer } from './transfers.ts'

const USAGE = `npm run bench [-- OPTIONS]
  --quick       fewer rounds, and nothing that takes minutes: a look, not a measurement
  --only PART   may be given more than once; of the library: decoding, transfer, memory, tail, small, simulator;
                of the service: sync-sqlite, sync-mariadb, sync-tail, sync-memory, people, pages, start,
                login, cached-list, live
  --ten-million pages of 10,000,000 punches beside those of 100,000, instead of 1,000,000; takes many minutes
  --engine NAME SQLite or MariaDB: pages on this one alone
  --json FILE   writes all numbers there too
  --help        this text`

const LOG = 100_000
const LONG_LOG = 1_000_000
const LONGEST_LOG = 10_000_000
const PEOPLE = 1_000
/** Data bytes a packet: of terminals such as the K40, and of newer ones. Source: docs/protocol §14.4. */
const PACKET_SIZES = [1_008, 65_528]
const PLENTY_PACKET = 65_528

type Rounds = (whole: number, quick: number) => number

/** What is asked of the pages. */
interface PagesWish {
  readonly tenMillion: boolean
  readonly engines: readonly EngineName[]
}

interface Part {
  readonly name: string
  /** Takes more than a minute: left out of a quick look, unless asked for by name. */
  readonly long?: true
  run(rounds: Rounds, databases: BenchDatabases, wish: PagesWish): Promise<Section>
}

const PARTS: readonly Part[] = [
  { name: 'decoding', run: (rounds) => benchDecoding(LOG, rounds(9, 2)) },
  ...PACKET_SIZES.map((packetBytes) => ({
    name: 'transfer',
    run: (rounds: Rounds) => benchTransfer(LOG, packetBytes, rounds(9, 2)),
  })),
  { name: 'memory', run: (rounds) => benchMemory(LOG, LONG_LOG, PLENTY_PACKET, rounds(5, 1)) },
  { name: 'tail', run: (rounds) => benchTail(LOG, rounds(9, 3)) },
  { name: 'small', run: (rounds) => benchSmallReads(rounds(31, 7)) },
  { name: 'simulator', run: (rounds) => benchSimulatorReads(LONG_LOG, rounds(9, 2)) },
  { name: 'simulator', run: (rounds) => benchSimulatorIdle(500, rounds(9, 3)) },
  { name: 'sync-sqlite', run: (rounds, databases) => benchSync(databases, 'SQLite', LOG, rounds(7, 2)) },
  { name: 'sync-mariadb', run: (rounds, databases) => benchSync(databases, 'MariaDB', LOG, rounds(7, 2)) },
  { name: 'sync-tail', run: (rounds, databases) => benchSyncTail(databases, LOG, rounds(5, 1)) },
  {
    name: 'sync-memory',
    long: true,
    run: (rounds, databases) => benchSyncMemory(databases, LONG_LOG, rounds(3, 1)),
  },
  { name: 'people', run: (rounds, databases) => benchPeople(databases, PEOPLE, rounds(5, 1)) },
  {
    name: 'pages',
    long: true,
    run: (rounds, databases, { tenMillion, engines }) => {
      const lengths = { short: LOG, long: tenMillion ? LONGEST_LOG : LONG_LOG }
      return benchPages(databases, engines, lengths, rounds(51, 11))
    },
  },
  { name: 'start', run: (rounds, databases) => benchStart(databases, rounds(9, 3)) },
  { name: 'login', run: (rounds, databases) => benchLogin(databases, rounds(31, 9)) },
  { name: 'cached-list', run: (rounds, databases) => benchCachedList(databases, rounds(5, 1)) },
  { name: 'live', long: true, run: (_, databases) => benchLive(databases, 400) },
]

function readOptions() {
  try {
    const { values } = parseArgs({
      args: process.argv.slice(2).filter((argument) => argument !== '--'),
      options: {
        'ten-million': { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        engine: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    const unknown = values.only.find((wanted) => !PARTS.some(({ name }) => name === wanted))
    if (unknown !== undefined) throw new Error(`there is no part ${unknown}`)
    const engines = ENGINES.filter((name) => values.engine === undefined || name === values.engine)
    if (engines.length === 0) throw new Error(`there is no engine ${values.engine}`)
    if (!values.help) return { ...values, engines }
    console.log(USAGE)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    process.exitCode = 2
  }
  return undefined
}

const options = readOptions()
if (options !== undefined) {
  const { quick, only, json, engines } = options
  const wish = { tenMillion: options['ten-million'], engines }
  const sections: Section[] = []
  await using databases = new BenchDatabases()
  const wanted = PARTS.filter(({ name, long }) =>
    only.length === 0 ? !(quick && long) : only.includes(name),
  )
  for (const part of wanted) {
    const section = await part.run((whole, few) => (quick ? few : whole), databases, wish)
    sections.push(section)
    console.log(`${sectionText(section)}\n`)
  }
  const claims = sections.flatMap((section) => section.claims)
  console.log(claimsText(claims))
  if (json !== undefined) {
    const machine = { node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length, quick }
    const judged = claims.map((claim) => ({ ...claim, holds: holds(claim) }))
    await writeFile(json, `${JSON.stringify({ machine, sections, claims: judged }, null, 1)}\n`)
  }
  if (!claims.every(holds)) process.exitCode = 1
}
