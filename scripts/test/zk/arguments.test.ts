// What may be typed: help for everything, refusals that say what was meant, and one table behind parser, help and page.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../zk/commands.ts'
import { typed } from './support/typed.ts'

const ROOT = new URL('../../..', import.meta.url).pathname

describe('help', () => {
  it('lists every command, and every option of each', async () => {
    for (const asked of [['--help'], ['-h']]) {
      const { code, stdout } = await typed(asked)
      expect(code).toBe(0)
      for (const { name, about } of COMMANDS)
        expect(stdout).toMatch(new RegExp(`^  ${name}.* ${about}$`, 'm'))
    }
    for (const { name, options, examples } of COMMANDS) {
      const words = name.split(' ')
      const { code, stdout } = await typed([...words, '--help'])
      expect(code).toBe(0)
      for (const option of Object.keys(options)) expect(stdout).toContain(`--${option}`)
      for (const [, example] of examples) expect(stdout).toContain(`pnpm zk ${example}`)
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(110)
      expect((await typed(['--help', ...words])).stdout).toBe(stdout)
    }
  })

  it('comes from a process of its own as well, by whatever Node the machine has', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['scripts/toolchain/run.mjs', 'scripts/zk.ts', '--', 'sync', '--help'],
      { cwd: ROOT, encoding: 'utf8', timeout: 110_000 },
    )
    expect([status, stdout.split('\n')[0]]).toEqual([
      0,
      'pnpm zk sync DEVICE: reads a terminal’s attendance log into the database',
    ])
  })
})

describe('what cannot be meant ends with 2 and one line', () => {
  it.each([
    [[], 'expected a command'],
    [['docter', 'x'], 'did you mean doctor?'],
    [['admin', 'crate'], 'did you mean admin create?'],
    [['admin'], 'did you mean admin create?'],
    [['--verbose'], 'there is no command "--verbose"'],
    [['paint'], 'there are admin create, migrate, doctor, sync, export'],
    [['doctor'], 'expected HOST'],
    [['doctor', 'a', 'b'], '"b" is one word too many'],
    [['migrate', 'now'], '"now" is one word too many'],
    [['doctor', 'x', '--prot', '1'], 'did you mean --port?'],
    [['doctor', 'x', '-p', '1'], 'there is no option "-p"'],
    [['doctor', 'x', '--tpc'], 'did you mean --tcp?'],
    [['doctor', 'x', '--port'], '--port: expected N behind it'],
    [['doctor', 'x', '--report', '--json'], '--report: expected FILE behind it'],
    [['doctor', 'x', '--json=1'], '--json takes no value'],
    [['doctor', 'x', '--port', '1', '--port', '2'], '--port stands there twice'],
    [['doctor', 'x', '--port', '70000'], '--port: expected a whole number from 1 to 65535'],
    [['doctor', 'x', '--port', '0x10'], 'got "0x10"'],
    [['doctor', 'x', '--tcp', '--udp'], 'cannot stand beside'],
    [['doctor', 'x', '--comm-key', 'secret'], '--comm-key: expected digits, up to 4294967295 ('],
    [['doctor', 'x', '--comm-key-stdin'], 'nothing came from standard input'],
    [['doctor', 'x', '--timezone', 'Mars/Base'], 'expected an IANA zone'],
    [['doctor', 'http://10.0.0.9:80/'], 'did you mean 10.0.0.9 --port 80?'],
    [['doctor', '192.168.1201'], 'expected four numbers from 0 to 255, got "192.168.1201"'],
    [['doctor', '300.1.1.1'], 'expected four numbers from 0 to 255'],
    [['doctor', 'two words'], 'expected an address or a name'],
    [['sync'], 'expected DEVICE'],
    [['sync', '1', '--no-wait', '--timeout', '5'], 'cannot stand beside'],
    [['export', '--format', 'pdf'], '--format: expected csv, ndjson, xlsx'],
    [['export', '--output', 'a.pdf'], '.pdf names no format'],
    [['admin', 'create'], 'expected --email ADDRESS'],
  ])('%j', async (args, said) => {
    const { code, stdout, stderr } = await typed(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(said)
    expect(stderr).toMatch(/^pnpm zk: .*\(--help lists what there is\)\n$/)
    expect(stderr).not.toContain('secret')
  })

  it('a configuration that is wrong, every fault of it', async () => {
    const { code, stderr } = await typed(['migrate'], { env: { PORT: 'x', DATABASE_URL: 'oracle:x' } })
    expect(code).toBe(2)
    expect(stderr).toContain('PORT')
    expect(stderr).toContain('DATABASE_URL')
  })
})
