// docs/getting-started.md, walked through by a newcomer: a fresh clone, three shells, every line of the page typed in its order, the
// service and the terminal started by the page's own commands. Only addresses are others, since the usual ports may be taken here.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { blocksOf, pageAt, type Block } from '../toolchain/page-blocks.ts'
import { TEST_COMM_KEY } from '../toolchain/test-secrets.ts'
import { installFromHere, repositoryOfFiles } from './support/fresh-clone.ts'
import { differences } from './support/same-form.ts'
import { ShellSession } from './support/shell-session.ts'

const page = pageAt('docs/getting-started.md')
const embeddedOnly = process.env['TEST_EMBEDDED_ONLY'] === '1'
const hasGit = spawnSync('git', ['--version']).status === 0
const RUNNING = /Running; Ctrl-C stops it|"msg":"listening"/
const READY = /zk-sim: .*Ctrl-C ends it/
const GOOD = /^(?:2\d\d|304)$/

/** One newcomer at one page. */
class Walk {
  readonly #folder: string
  readonly #clone: string
  readonly #env: Record<string, string>
  readonly #opened: AsyncDisposableStack
  /** Text of the page → what stands here for it. */
  readonly #here = new Map<string, string>()
  #service: ShellSession | undefined
  #shell: ShellSession | undefined
  #lastOutput = ''

  constructor(folder: string, opened: AsyncDisposableStack) {
    this.#folder = folder
    this.#clone = join(folder, 'zkteco-device-api')
    this.#opened = opened
    this.#env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      REPOSITORY: repositoryOfFiles(folder),
      PORT: '0',
      OVERLOAD_DELAY_MS: '0',
    }
    // Each request also says its status, on the side.
    writeFileSync(join(folder, '.curlrc'), 'write-out = "%{stderr}%{http_code}\\n"\n')
  }

  stands(pageText: string, here: string): void {
    this.#here.set(pageText, here)
  }

  async meets(block: Block): Promise<void> {
    const text = this.#asHere(block.text)
    if (block.language === 'sh service') await this.#startService(text)
    else if (block.language === 'sh terminal') await this.#startTerminal(text)
    else if (block.language === 'sh') await this.#types(text)
    else if (block.language === 'json') this.#compares(block)
    else if (block.language === 'text stream')
      await this.#typing.until((output) => /^event: punch$/m.test(output))
    else if (block.language === 'text door') expect(this.#lastOutput).toContain('"openings":1}')
  }

  async #startService(text: string): Promise<void> {
    await this.#service?.interrupt()
    const isFirst = this.#service === undefined
    const shell = this.#opens(isFirst ? this.#folder : this.#clone)
    this.#service = shell
    for (const line of text.trimEnd().split('\n')) {
      if (line.startsWith('npm ')) await shell.start(line, RUNNING)
      else await shell.run(line)
      if (line.startsWith('git clone')) installFromHere(this.#clone)
    }
    const address = /https?:\/\/127\.0\.0\.1:(\d+)/.exec(shell.output)?.[1] ?? ''
    this.stands('127.0.0.1:3000', `127.0.0.1:${address}`)
    this.#env['PORT'] = address
  }

  async #startTerminal(text: string): Promise<void> {
    const shell = this.#opens(this.#folder)
    const lines = text
      .trimEnd()
      .replace('--port 4371', '--port 0')
      .replace('--http 8080', '--http 0')
      .split('\n')
    await shell.run(lines.slice(0, -1).join('\n'))
    await shell.start(lines.at(-1) ?? '', READY)
    const [, port = '', shown = ''] =
      /at 127\.0\.0\.1:(\d+) .*page http:\/\/([\d.:]+)\//.exec(shell.output) ?? []
    this.stands('"port":4371', `"port":${port}`)
    this.stands('127.0.0.1:8080', shown)
  }

  async #types(text: string): Promise<void> {
    if (text.includes('read -r PASSWORD')) {
      const password = /password +(\S+)/.exec(this.#service?.output ?? '')?.[1] ?? ''
      this.#typing.type(`${text}${password}`)
      return
    }
    const { stdout, stderr } = await this.#typing.run(text)
    this.#lastOutput = stdout
    const statuses = stderr.match(/^\d{3}$/gm) ?? []
    const bad = statuses.filter((status) => !GOOD.test(status))
    expect({ text, bad, stdout: bad.length === 0 ? '' : stdout }).toEqual({ text, bad: [], stdout: '' })
    if (!text.trimEnd().endsWith('&') && /^curl|\$\(curl/m.test(text))
      expect(statuses.length).toBeGreaterThan(0)
  }

  #compares({ text }: Block): void {
    const came = this.#lastOutput.match(/\{"status".*/g)?.at(-1) ?? ''
    expect({ text, unlike: differences(JSON.parse(text), JSON.parse(came)) }).toEqual({ text, unlike: [] })
  }

  /** The second shell of the page. */
  get #typing(): ShellSession {
    this.#shell ??= this.#opens(this.#folder)
    return this.#shell
  }

  #opens(cwd: string): ShellSession {
    return this.#opened.use(new ShellSession(cwd, this.#env))
  }

  #asHere(text: string): string {
    return [...this.#here].reduce((so, [theirs, ours]) => so.replaceAll(theirs, ours), text)
  }
}

// Without curl and git there is nothing to walk with.
it.skipIf(embeddedOnly || !hasGit)(
  'works line by line in a fresh clone, and shows what comes',
  { timeout: 600_000 },
  async () => {
    await using opened = new AsyncDisposableStack()
    const folder = mkdtempSync(join(tmpdir(), 'zk-newcomer-'))
    opened.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    const own = opened.use(
      await startTerminal({ commKey: Number(TEST_COMM_KEY), serialNumber: 'OWN1', people: 3, punches: 12 }),
    )
    const walk = new Walk(folder, opened)
    walk.stands('TERMINAL=192.168.1.201', `TERMINAL=${own.host}`)
    walk.stands('TERMINAL_PORT=4370', `TERMINAL_PORT=${own.port}`)
    walk.stands('COMM_KEY=0', `COMM_KEY=${TEST_COMM_KEY}`)

    const blocks = blocksOf(page)
    expect(blocks.filter(({ language }) => language.startsWith('sh')).length).toBeGreaterThan(12)
    for (const block of blocks) await walk.meets(block)

    expect(own.stats.requests['prepareBulk'] ?? 0).toBeGreaterThan(0)
    expect(own.memory.isEnabled).toBe(true)
    const wrote = Object.keys(own.stats.requests).filter((name) =>
      /^(?:set|write|clear|delete|unlock)/.test(name),
    )
    expect(wrote).toEqual([])
  },
)
