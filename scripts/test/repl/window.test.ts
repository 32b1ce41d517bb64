// The REPL as somebody types at it, in a pseudo-terminal, against a simulated terminal whose state shows what was left behind.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTerminal, type SimulatedTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { TEST_COMM_KEY } from '../../toolchain/test-secrets.ts'
import { KEYS, Window } from '../support/window.ts'

const PROMPT = /zk> $/

const small = (): Promise<SimulatedTerminal> =>
  startTerminal({ people: 60, punches: 300, fingers: 1, seed: 3 })
/** Its log takes seconds to read. */
const slow = (): Promise<SimulatedTerminal> =>
  startTerminal({ people: 5, punches: 60_000, seed: 3, paceMs: 4 })

function open({ host, port }: SimulatedTerminal, ...args: string[]): Window {
  return Window.open(['--host', host, '--port', String(port), ...args])
}

/** How the last session ended, once it has. */
async function lastSession({ stats }: SimulatedTerminal): Promise<unknown> {
  const deadline = Date.now() + 30_000
  while (stats.openSessions > 0 && Date.now() < deadline) await sleep(20)
  return stats.sessions.at(-1)
}

const LEFT_IN_ORDER = { endedBy: 'exit', bufferNotFreed: false, leftDisabled: false }

describe('the prompt', () => {
  it('is there when the terminal is connected, awaits calls, and leaves with Ctrl-D', async () => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(/Connected to 127\.0\.0\.1:\d+ over TCP\. \.help lists/)
    await window.shows(PROMPT)
    window.line('await device.readOption("~Platform")')
    await window.shows(/'JZ4725_TFT'/)
    window.line('await device.people.find("nobody")')
    await window.shows(PROMPT)
    window.type(KEYS.end)
    expect(await window.ended()).toBe(0)
    expect(await lastSession(terminal)).toMatchObject(LEFT_IN_ORDER)
  })

  it('shows people and punches as tables, a part of them, and the clock', async () => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(PROMPT)
    window.line('.people')
    await window.shows(/uid {2}pin/)
    await window.shows(/… and 10 more\s+60 of 60 people/)
    window.line('.log 3')
    await window.shows(/… 297 before these\s+record/)
    await window.shows(/3 of 300 punches/)
    window.line('.time')
    await window.shows(/difference/)
    window.line('(await device.readPeople()).people')
    expect(await window.shows(/40 more items/)).toBe('40 more items')
  })

  it('completes what device can do, and the names of commands', async () => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(PROMPT)
    window.type('device.peo\t')
    await window.shows(/device\.people/)
    window.type('.clearAdm\t')
    await window.shows(/clearAdministrators/)
    window.type(KEYS.interrupt)
    await window.shows(PROMPT)
    window.type('.raw GET_FREE\t')
    await window.shows(/GET_FREE_SIZES/)
    window.type(KEYS.enter)
    expect(await window.shows(/people=\d+ fingerprints=\d+ records=\d+/)).toMatch(/^people=60 .*records=300$/)
  })

  it('tells what a name means, and shows a call without calling it', async () => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(PROMPT)
    window.line('.help device.door')
    await window.shows(/device\.door\.unlock\(seconds, options\) +Opens the door for so many seconds/)
    window.line('device.logs.clearPeople')
    await window.shows(/device\.logs\.clearPeople\(options\): Deletes all people/)
    window.line('.help device.peple')
    expect(await window.shows(/There is no help about "device\.\w+"/)).toContain('peple')
  })

  it('shows every packet by name and field while it traces, and never the comm key', async () => {
    await using terminal = await startTerminal({ people: 3, punches: 3, commKey: TEST_COMM_KEY })
    await using window = Window.open(['--host', terminal.host, '--port', String(terminal.port)], {
      ZK_COMM_KEY: String(TEST_COMM_KEY),
    })
    await window.shows(PROMPT)
    window.line('.trace on')
    await window.shows(/Every packet is shown/)
    window.line('await device.readOption("~Platform")')
    await window.shows(/> OPTIONS_RRQ session \d+ reply \d+, 10 bytes option=~Platform/)
    await window.shows(/< ACK_OK to OPTIONS_RRQ .* value=JZ4725_TFT/)
    window.line('.reconnect')
    await window.shows(/> AUTH .*scrambledKey="\(not shown\)"/)
    await window.shows(/table|Connected over TCP/)
    window.line('.trace off')
    await window.shows(/Packets are not shown/)
    expect(window.text).not.toContain(String(TEST_COMM_KEY))
  })

  it('tells when the connection is lost, and connects again for the next call', async () => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(PROMPT)
    await terminal.hand.pullPlug()
    await window.shows(/The connection is lost/)
    window.line('await device.ping()')
    await window.shows(/ZK_CONNECT_FAILED/)
    await terminal.hand.plugIn()
    window.line('await device.readOption("~Platform")')
    expect(await window.shows(/'JZ\w+'/)).toBe("'JZ4725_TFT'")
  })
})

describe('Ctrl-C', () => {
  it('ends a read in the middle, not the REPL, and the terminal can be read again', async () => {
    await using terminal = await slow()
    await using window = open(terminal)
    await window.shows(PROMPT)
    window.line('.log')
    await expect.poll(() => terminal.stats.slices.count, { timeout: 60_000 }).toBeGreaterThan(2)
    await window.shows(/\d+ % \d+ of \d+ records/)
    const before = terminal.stats.slices.count
    window.type(KEYS.interrupt)
    await window.shows(/aborted/)
    await window.shows(PROMPT)
    window.line('1 + 1')
    await window.shows(/\n2/)
    window.line('await device.readTime()')
    await window.shows(/year: 20/)
    expect(terminal.stats.slices.count).toBeLessThan(before + 10)
    window.type(KEYS.end)
    expect(await window.ended()).toBe(0)
    expect(await lastSession(terminal)).toMatchObject(LEFT_IN_ORDER)
  })

  it('ends a loop over live events, and an endless loop of one’s own', async () => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(PROMPT)
    window.line('.live')
    await window.shows(/Ctrl-C ends it/)
    await expect
      .poll(() => terminal.stats.requests['REG_EVENT'] ?? terminal.stats.requests['registerEvents'] ?? 0, {
        timeout: 60_000,
      })
      .toBeGreaterThan(0)
    void terminal.hand.present('1001')
    await window.shows(/ATTLOG: pin=1001/)
    window.type(KEYS.interrupt)
    await window.shows(PROMPT)
    window.line('for (;;);')
    await sleep(500)
    window.type(KEYS.interrupt)
    await window.shows(/aborted|interrupted/)
    window.line('2 + 3')
    await window.shows(/\n5/)
  })

  it('leaves when it comes twice at an empty prompt', async () => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(PROMPT)
    window.type(KEYS.interrupt)
    await window.shows(/Ctrl\+C again/)
    window.type(KEYS.interrupt)
    expect(await window.ended()).toBe(0)
    expect(await lastSession(terminal)).toMatchObject(LEFT_IN_ORDER)
  })
})

describe('what is dangerous', () => {
  it('asks first, and does nothing without a yes', async () => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(PROMPT)
    window.line('await device.logs.clearAttendance()')
    await window.shows(/This empties the attendance log of the terminal\. Do it\? \[y\/N\] /)
    window.line('n')
    await window.shows(/NotConfirmedError: It was not done/)
    expect(terminal.memory.log.count).toBe(300)
    window.line('.door unlock 2')
    await window.shows(/This opens the door for 2 seconds\. Do it\? \[y\/N\] /)
    window.type(KEYS.interrupt)
    await window.shows(/not done|aborted/)
    window.line('.raw CLEAR_ATTLOG')
    await window.shows(/This sends CLEAR_ATTLOG .*Do it\? \[y\/N\] /)
    window.line('y')
    await window.shows(/ACK_OK \(2000\)/)
    expect(terminal.memory.log.count).toBe(0)
    // What was answered has gone nowhere else.
    await window.shows(PROMPT)
    window.line('3 + 4')
    await window.shows(/\n7/)
  })

  it('goes without a question with --yes', async () => {
    await using terminal = await small()
    await using window = open(terminal, '--yes')
    await window.shows(PROMPT)
    window.line('await device.logs.clearAttendance(); "cleared"')
    await window.shows(/'cleared'/)
    expect(terminal.memory.log.count).toBe(0)
  })
})

describe('leaving', () => {
  it.each([
    ['by .exit', (window: Window) => window.line('.exit'), 0],
    ['by process.exit()', (window: Window) => window.line('process.exit(3)'), 3],
    [
      'with a read that nobody pulls, by Ctrl-D',
      (window: Window) => window.type(`void device.readAttendanceColumns()${KEYS.enter}${KEYS.end}`),
      0,
    ],
  ] as const)('%s enables and disconnects a terminal that was disabled', async (_, leave, code) => {
    await using terminal = await small()
    await using window = open(terminal)
    await window.shows(PROMPT)
    window.line('await device.power.disable()')
    await window.shows(PROMPT)
    await expect.poll(() => terminal.memory.isEnabled, { timeout: 30_000 }).toBe(false)
    leave(window)
    expect(await window.ended()).toBe(code)
    expect(await lastSession(terminal)).toMatchObject(LEFT_IN_ORDER)
    expect(terminal.memory.isEnabled).toBe(true)
  })

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s, in the middle of a read, frees and disconnects it too', async (signal, code) => {
    await using terminal = await slow()
    await using window = open(terminal)
    const pid = await window.pid()
    await window.shows(PROMPT)
    window.line('.raw DISABLEDEVICE')
    await window.shows(/ACK_OK/)
    window.line('.log')
    await expect.poll(() => terminal.stats.slices.count, { timeout: 60_000 }).toBeGreaterThan(1)
    process.kill(pid, signal)
    expect(await window.ended()).toBe(code)
    expect(await lastSession(terminal)).toMatchObject(LEFT_IN_ORDER)
    expect(terminal.memory.isEnabled).toBe(true)
  })
})

describe('the history', () => {
  it('is kept for the next time, readable by its owner alone, without keys and passwords', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zk-history-'))
    const file = join(folder, 'history')
    writeFileSync(file, '', { mode: 0o644 })
    const args = ['--sim', '--yes', '--comm-key', String(TEST_COMM_KEY)]
    {
      await using window = Window.open(args, { ZK_REPL_HISTORY: file })
      await window.shows(PROMPT)
      window.line('1 + 41')
      await window.shows(/\n42/)
      window.line(`"${TEST_COMM_KEY}".length`)
      await window.shows(/\n10/)
      window.line('({ password: "73519864" }).password.length')
      await window.shows(/\n8/)
      window.line('.time')
      await window.shows(/difference/)
      window.line('.exit')
      expect(await window.ended()).toBe(0)
    }
    const kept = readFileSync(file, 'utf8')
    expect(kept).toContain('1 + 41')
    expect(kept).toContain('.time')
    expect(kept).not.toContain(String(TEST_COMM_KEY))
    expect(kept).not.toContain('73519864')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await using window = Window.open(['--sim'], { ZK_REPL_HISTORY: file })
    await window.shows(PROMPT)
    window.type('\u001b[A\u001b[A\u001b[A')
    await window.shows(/1 \+ 41/)
    rmSync(folder, { recursive: true })
  })
})

it('asks for the comm key without showing it', async () => {
  await using terminal = await startTerminal({ people: 1, punches: 1, commKey: TEST_COMM_KEY })
  await using window = open(terminal, '--comm-key-stdin')
  await window.shows(/Comm key: /)
  window.line(String(TEST_COMM_KEY))
  await window.shows(PROMPT)
  expect(window.text).not.toContain(String(TEST_COMM_KEY))
})

it('shows colours in a window, and none where they are not wanted', async () => {
  const colour = '\u001b[3'
  await using plain = Window.open(['--sim'], { NO_COLOR: '1' })
  await plain.shows(PROMPT)
  plain.line('({ a: 1 + 1 })')
  await plain.shows(/\n\{ a: 2 \}/)
  expect(plain.raw).not.toContain(colour)
  await using coloured = Window.open(['--sim'])
  await coloured.shows(PROMPT)
  coloured.line('({ a: 1 + 1 })')
  await coloured.shows(/\n\{ a: 2 \}/)
  expect(coloured.raw).toContain(colour)
})
