// docs/getting-started.md, walked through by a newcomer: a fresh clone, three shells, every line of the page typed in its order, the
// service and the terminal started by the page's own commands. Only addresses are others, since the usual ports may be taken here.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { blocksOf, pageAt } from '../toolchain/page-blocks.ts'
import { TEST_COMM_KEY } from '../toolchain/test-secrets.ts'
import { Walk } from './support/page-walk.ts'

const page = pageAt('docs/getting-started.md')
const embeddedOnly = process.env['TEST_EMBEDDED_ONLY'] === '1'

// It walks with curl and git, which are looked for only where the tests may install what they need.
it.skipIf(embeddedOnly)(
  'works line by line in a fresh clone, and shows what comes',
  { timeout: 600_000 },
  async () => {
    await using opened = new AsyncDisposableStack()
    const folder = mkdtempSync(join(tmpdir(), 'zk-newcomer-'))
    opened.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    const own = opened.use(
      await startTerminal({ commKey: TEST_COMM_KEY, serialNumber: 'OWN1', people: 3, punches: 12 }),
    )
    const walk = new Walk(folder, opened)
    walk.stands('TERMINAL=192.168.1.201', `TERMINAL=${own.host}`)
    walk.stands('TERMINAL_PORT=4370', `TERMINAL_PORT=${own.port}`)
    walk.stands('COMM_KEY=0', `COMM_KEY=${TEST_COMM_KEY}`)

    const blocks = blocksOf(page)
    expect(blocks.filter(({ language }) => language.startsWith('sh')).length).toBeGreaterThan(12)
    for (const block of blocks) await walk.meets(block)
    expect(walk.faults).toEqual([])

    expect(own.stats.requests['prepareBulk'] ?? 0).toBeGreaterThan(0)
    expect(own.memory.isEnabled).toBe(true)
    const wrote = Object.keys(own.stats.requests).filter((name) =>
      /^(?:set|write|clear|delete|unlock)/.test(name),
    )
    expect(wrote).toEqual([])
  },
)
