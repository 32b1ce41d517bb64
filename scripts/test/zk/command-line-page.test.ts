// docs/command-line.md: every command of it is run, and its tables of options are those of the declarations.
import { mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServices, readConfig, SYSTEM } from '@org/core'
import { openDatabase } from '@org/data'
import { startTerminal } from '@org/zk-sim'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { testLog } from '../../toolchain/test-log.ts'
import { TEST_COMM_KEY } from '../../toolchain/test-secrets.ts'
import { COMMANDS } from '../../zk/commands.ts'
import { aboutOption, optionName } from '../../zk/help.ts'
import { typed } from './support/typed.ts'

const PAGE = readFileSync(new URL('../../../docs/command-line.md', import.meta.url), 'utf8')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zk-command-line-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('has the options of every command, as they are declared', () => {
  const rows = new Set(PAGE.split('\n').map((line) => line.replaceAll(/\s+/g, ' ').trim()))
  for (const { name, options } of COMMANDS) {
    expect(PAGE).toMatch(new RegExp(`^## .*: ${name}$`, 'm'))
    for (const [option, declared] of Object.entries(options))
      expect(rows).toContain(`| \`${optionName(option, declared)}\` | ${aboutOption(declared)} |`)
  }
  const declared = COMMANDS.reduce((count, { options }) => count + Object.keys(options).length, 0)
  expect([...rows].filter((row) => row.startsWith('| `--')).length).toBeLessThanOrEqual(declared)
})

it('types nothing that does not work', async () => {
  const commands = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  )
  expect(commands.length).toBeGreaterThan(9)
  const env = { DATA_DIR: join(folder, 'data'), INIT_CWD: folder, LIVE_WATCH: 'false' }
  await using terminal = await startTerminal({ commKey: TEST_COMM_KEY, punches: 30, serialNumber: 'PAGE-1' })
  await using open = await startTerminal({ punches: 30, serialNumber: 'PAGE-2' })
  writeFileSync(join(folder, 'password.txt'), 'correct horse\n')
  writeFileSync(join(folder, 'key.txt'), `${TEST_COMM_KEY}\n`)
  for (const command of commands) {
    const [call = '', redirected = ''] = command.split(/ (?=[<>] )/)
    const words = call.split(' ')
    expect(words.slice(0, 2)).toEqual(['pnpm', 'zk'])
    const { port } = command.includes('--comm-key-stdin') ? terminal : open
    const args = words
      .slice(2)
      .flatMap((word) => (word === '192.168.1.201' ? ['127.0.0.1', '--port', `${port}`] : [word]))
    if (args[0] === 'sync' && args[1] === 'Gate' && args.length === 2) await registerGate(env, open.port)
    const stdin = redirected.startsWith('< ')
      ? readFileSync(join(folder, redirected.slice(2)), 'utf8')
      : undefined
    const { code, stdout, stderr } = await typed(args, { env, ...(stdin !== undefined && { stdin }) })
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' })
    if (redirected.startsWith('> ')) writeFileSync(join(folder, redirected.slice(2)), stdout)
  }
  for (const file of ['february.xlsx', 'report.txt']) expect(existsSync(join(folder, file))).toBe(true)
})

async function registerGate(env: Readonly<Record<string, string>>, port: number): Promise<void> {
  const config = readConfig(env)
  const database = await openDatabase(config.databaseUrl)
  const services = await createServices(config, database, { role: 'both', log: testLog() })
  await services.devices.register({ name: 'Gate', ip: '127.0.0.1', port }, SYSTEM)
  await services.close()
  await database.close()
}
