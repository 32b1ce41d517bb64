// A newcomer at docs/getting-started.md: three shells beside the page, its lines typed in their order. What goes otherwise than the page
// says is noted, not thrown, so that one walk tells all of it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Block } from '../../toolchain/page-blocks.ts'
import { installFromHere, repositoryOfFiles } from './fresh-clone.ts'
import { differences } from './same-form.ts'
import { ShellSession } from './shell-session.ts'

const RUNNING = /Running; Ctrl-C stops it|"msg":"listening"/
const READY = /zk-sim: .*Ctrl-C ends it/
const GOOD = /^(?:2\d\d|304)$/

/** One newcomer at the page. */
export class Walk {
  /** What went otherwise. */
  readonly faults: string[] = []
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

  /** Has it meet something else here than the page says. */
  stands(pageText: string, here: string): void {
    this.#here.set(pageText, here)
  }

  /** Does what a block says, or looks whether it shows what came. */
  async meets(block: Block): Promise<void> {
    const text = this.#asHere(block.text)
    if (block.language === 'sh service') await this.#startService(text)
    else if (block.language === 'sh terminal') await this.#startTerminal(text)
    else if (block.language === 'sh') await this.#types(text)
    else if (block.language === 'json') this.#compares(block)
    else if (block.language === 'text stream')
      await this.#typing.until((output) => /^event: punch$/m.test(output))
    else if (block.language === 'text door' && !this.#lastOutput.includes('"openings":1}'))
      this.faults.push(`the door did not open once: ${this.#lastOutput}`)
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
    const asked = /^curl|\$\(curl/m.test(text) && !text.trimEnd().endsWith('&')
    if (statuses.some((status) => !GOOD.test(status)) || (asked && statuses.length === 0))
      this.faults.push(`${statuses.join(', ')} came of:\n${text}${stdout}`)
  }

  #compares({ text }: Block): void {
    const came = this.#lastOutput.match(/\{"status".*/g)?.at(-1) ?? ''
    const unlike = differences(JSON.parse(text), JSON.parse(came))
    if (unlike.length > 0) this.faults.push(`${unlike.join(', ')} in:\n${text}`)
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
