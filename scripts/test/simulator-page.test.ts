// The simulator's page in a browser, as a visitor uses it: started from the command line, worked by mouse and by keyboard,
// with an eye on everything that the browser asks for.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CHROMIUM, obtainBinaries } from '../toolchain/debian.ts'

const CLI = new URL('../../packages/zk-sim/src/cli.ts', import.meta.url).pathname
const embeddedOnly = process.env['TEST_EMBEDDED_ONLY'] === '1'
const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const PATIENCE_MS = 30_000
const WITHIN = { timeout: PATIENCE_MS }

interface Simulator {
  readonly child: ChildProcess
  readonly url: string
  readonly port: number
  /** Lines of JSON so far. */
  readonly lines: Record<string, unknown>[]
}

async function simulate(...options: string[]): Promise<Simulator> {
  const args = [CLI, '--port', '0', '--http', '0', '--json', ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: Record<string, unknown>[] = []
  let text = ''
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      const whole = text.split('\n')
      text = whole.pop() ?? ''
      lines.push(...whole.map((line): Record<string, unknown> => JSON.parse(line)))
      if (lines.length > 0) resolve()
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
  await ready
  return { child, lines, url: String(lines[0]?.['page']), port: Number(lines[0]?.['port']) }
}

async function end({ child }: Simulator): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGINT')
  await once(child, 'exit')
}

describe.skipIf(embeddedOnly)('the page of one terminal in Chromium', () => {
  let folder: string
  let simulator: Simulator
  let context: BrowserContext
  let page: Page
  const asked: string[] = []
  const complaints: string[] = []
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const said = () => page.getByRole('status')
  const lastLine = () => simulator.lines.at(-1)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zk-page-'))
    const { binaries } = obtainBinaries(CHROMIUM, console.log)
    simulator = await simulate('--people', '4', '--punches', '12', '--profile', 'access-panel')
    context = await chromium.launchPersistentContext(folder, {
      executablePath: binaries.get('chromium') ?? '',
      headless: true,
      args: BROWSER_FLAGS,
    })
    context.setDefaultTimeout(PATIENCE_MS)
    page = context.pages()[0] ?? (await context.newPage())
    page.on('request', (request) => asked.push(request.url()))
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(simulator.url)
  }, 240_000)

  afterAll(async () => {
    await context?.close()
    if (simulator !== undefined) await end(simulator)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  beforeEach(() => page.getByRole('heading', { name: 'SIM0000000001' }).waitFor())

  it('shows the clock, the state, the people and the last punch', async () => {
    await page.getByText('4 of 1,500').waitFor()
    await page.getByText('12 of 100,000').waitFor()
    await page.getByText('Door shut').waitFor()
    expect(await page.locator('tbody tr').count()).toBe(6)
    const time = page.locator('time')
    const first = await time.textContent()
    expect(first).toMatch(/^\d\d:\d\d:\d\d$/)
    await expect.poll(() => time.textContent(), WITHIN).not.toBe(first)
  })

  it('lets a person punch by keyboard alone, and the door of this model opens', async () => {
    await page.getByLabel('Person (pin)').focus()
    await page.keyboard.press('Control+A')
    await page.keyboard.type('2')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('Finger')
    await page.keyboard.press('Enter')
    await said().getByText('(2): check out.').waitFor()
    await page.getByText('13 of 100,000').waitFor()
    await page.getByText('Door open', { exact: true }).waitFor()
    await expect.poll(lastLine, WITHIN).toMatchObject({ event: 'punch', pin: '2', state: 1, index: 12 })
  })

  it('turns a card, a wrong finger and an unknown pin into what the terminal says', async () => {
    await button('Card').click()
    await said().getByText('(2): check out.').waitFor()
    await expect.poll(lastLine, WITHIN).toMatchObject({ event: 'punch', index: 13, verify_mode: 4 })
    await button('Wrong finger').click()
    await said().getByText('A wrong finger: nobody was recognised.').waitFor()
    await page.getByLabel('Person (pin)').fill('999')
    await button('Code').click()
    await said().getByText('Nobody has the pin 999').waitFor()
  })

  it('holds the door, sets the clock and fills the log', async () => {
    await button('Open the door').click()
    await button('Let the door shut').click()
    await said().getByText('The door falls shut.').waitFor()
    await page.getByLabel('Wall time').fill('2031-05-06T07:08:09')
    await button('Set clock').click()
    await said().getByText('The clock shows 2031-05-06 07:08').waitFor()
    await page.getByText('2031-05-06').first().waitFor()
    await button('Fill the log').click()
    await said().getByText('the log holds 100000 of 100000.').waitFor()
    await page.getByLabel('Person (pin)').fill('2')
    await button('Face').click()
    await said().getByText('the log is full').waitFor()
    expect(await page.getByText('100,000 of 100,000').count()).toBe(1)
  })

  it('pulls the plug and gives the power back', async () => {
    await button('Pull the plug').click()
    await page.getByText('No power').waitFor()
    expect(await connects(simulator.port)).toBe(false)
    await button('Finger').click()
    await said().getByText('the terminal has no power').waitFor()
    expect(await button('Pull the plug').isDisabled()).toBe(true)
    await button('Plug in again').click()
    await page.getByText('Power', { exact: true }).waitFor()
    expect(await connects(simulator.port)).toBe(true)
  })

  it('gives every control a name', async () => {
    const shown = await page.locator('body').ariaSnapshot()
    const controls = shown.match(/- (button|textbox|combobox|meter)\b.*/g) ?? []
    expect(controls.length).toBeGreaterThan(14)
    expect(controls.filter((control) => !/^- \w+ "[^"]+"/.test(control))).toEqual([])
  })

  it('asks nobody but its own server, and breaks none of its own rules', () => {
    expect(asked.length).toBeGreaterThan(6)
    expect(asked.filter((url) => !url.startsWith(simulator.url))).toEqual([])
    expect(complaints).toEqual([])
  })

  it('lets no page of another site use the hand', async () => {
    await using other = await served(
      `<form method="post" enctype="text/plain" action="${simulator.url}api/terminals/1/pull-plug"><input name='{"a":"' value='"}'><button>Win</button></form>`,
    )
    const elsewhere = await context.newPage()
    await elsewhere.goto(other.url)
    const outcome = await elsewhere.evaluate(async (url) => {
      const sent = fetch(`${url}api/terminals/1/pull-plug`, { method: 'POST', mode: 'no-cors', body: '{}' })
      const read = fetch(`${url}api/terminals/1`)
      return (await Promise.allSettled([sent, read])).map(({ status }) => status)
    }, simulator.url)
    expect(outcome[1]).toBe('rejected')
    const [answer] = await Promise.all([
      elsewhere.waitForResponse((response) => response.request().method() === 'POST'),
      elsewhere.getByRole('button').click(),
    ])
    expect(answer.status()).toBe(403)
    await elsewhere.close()
    expect(await connects(simulator.port)).toBe(true)
  })

  it('says so when the simulator is gone', async () => {
    await end(simulator)
    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain('does not answer')
  })
})

describe.skipIf(embeddedOnly)('the page of several terminals in Chromium', () => {
  it('lists them, and every row leads to a screen of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zk-page-'))
    const simulator = await simulate('--count', '3', '--people', '2', '--punches', '5')
    const { binaries } = obtainBinaries(CHROMIUM, console.log)
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: binaries.get('chromium') ?? '',
      headless: true,
      args: BROWSER_FLAGS,
    })
    try {
      context.setDefaultTimeout(PATIENCE_MS)
      const page = context.pages()[0] ?? (await context.newPage())
      await page.goto(simulator.url)
      await page.getByText('3 terminals, 3 with power, 15 punches').waitFor()
      expect(await page.locator('tbody tr').count()).toBe(3)
      await page.getByRole('link', { name: 'SIM0000000002' }).click()
      await page.getByRole('heading', { name: 'SIM0000000002' }).waitFor()
      await page.getByRole('link', { name: 'Next' }).click()
      await page.getByRole('heading', { name: 'SIM0000000003' }).waitFor()
      await page.getByRole('button', { name: 'Pull the plug' }).click()
      await page.getByText('No power').waitFor()
      await page.getByRole('link', { name: 'All terminals' }).click()
      await page.getByText('3 terminals, 2 with power, 15 punches').waitFor()
    } finally {
      await context.close()
      await end(simulator)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  })
})

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** A site of somebody else: another origin on this machine. */
async function served(html: string): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(html)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
