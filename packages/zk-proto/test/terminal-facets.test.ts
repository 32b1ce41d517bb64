import { describe, expect, it } from 'vitest'
import { CODES, EVENTS } from '../src/codes.ts'
import { unlockDoor } from '../src/commands/door.ts'
import { playVoice } from '../src/commands/terminal.ts'
import { writeScreen } from '../src/commands/screen.ts'
import { connect, parseWallTime } from '../src/index.ts'
import type { ConnectOptions, LiveNotice, Terminal } from '../src/index.ts'
import { people72 } from './support/logs.ts'
import { Furniture } from './support/furnished-terminal.ts'
import { LoopbackTerminal } from './support/loopback-terminal.ts'
import type { Script, ScriptedTerminal } from './support/scripted-terminal.ts'

const QUICK = { connectMs: 2000, replyMs: 300, prepareMs: 300, transferIdleMs: 300 }

/** A furnished terminal behind a socket, and a client connected to it. */
async function stage(script: Script = {}, options: Partial<ConnectOptions> = {}) {
  const furniture = new Furniture()
  furniture.people = [0, 1].map((i) => people72(2).slice(i * 72, (i + 1) * 72))
  const loopback = await LoopbackTerminal.start(furniture.script(script))
  const terminal = await connect({
    host: '127.0.0.1',
    port: loopback.port,
    transport: 'tcp',
    timeouts: QUICK,
    ...options,
  })
  const scripted = (): ScriptedTerminal => {
    const [first] = loopback.terminals
    if (first === undefined) throw new Error('nobody has connected')
    return first
  }
  return {
    furniture,
    terminal,
    scripted,
    async [Symbol.asyncDispose](): Promise<void> {
      await terminal.close()
      await loopback[Symbol.asyncDispose]()
    },
  }
}

function lastPayload(scripted: ScriptedTerminal, code: number): Uint8Array {
  return scripted.asked.findLast((request) => request.code === code)?.payload ?? new Uint8Array(0)
}

describe('terminal.people', () => {
  it('lists, finds, adds, changes, writes many and deletes', async () => {
    await using at = await stage()
    const { people } = at.terminal
    expect((await people.list()).people).toHaveLength(2)
    expect(await people.add({ pin: '77', name: 'Zoé' })).toMatchObject({ uid: 3, name: 'Zoé' })
    expect(await people.edit('77', { cardNumber: 5 })).toMatchObject({ uid: 3, name: 'Zoé', cardNumber: 5 })
    expect(await people.find('77')).toMatchObject({ uid: 3 })
    expect(await people.put([{ pin: '77', cardNumber: 5 }, { pin: '78' }])).toMatchObject([
      { outcome: 'unchanged' },
      { outcome: 'added' },
    ])
    await expect(people.find(77 as unknown as string)).rejects.toMatchObject({
      code: 'ZK_VALUE_OUT_OF_RANGE',
    })
    await people.remove('77')
    expect(await people.find('77')).toBeUndefined()
    await expect(people.add({ pin: '78' })).rejects.toMatchObject({ details: { reason: 'pin_taken' } })
    await expect(people.edit('79', {})).rejects.toMatchObject({ details: { reason: 'no_such_pin' } })
    await people.writeVerifyMode(1, 129)
    expect(await people.readVerifyMode(1)).toBe(129)
    expect(await people.readPinWidth()).toBe(14)
    await people.clearAdministrators()
    expect((await people.list()).people.every(({ level }) => level === 'user')).toBe(true)
  })
})

describe('terminal.templates', () => {
  it('writes, reads, lists and deletes, and writes people with their templates', async () => {
    await using at = await stage()
    const { templates } = at.terminal
    const owner = { uid: 1, pin: '1001' }
    const bytes = new Uint8Array(1500).fill(7)
    await templates.write(owner, { finger: 3, flag: 1, bytes })
    expect(await templates.read(1, 3)).toEqual({ uid: 1, finger: 3, flag: 1, bytes })
    expect(await templates.list()).toHaveLength(1)
    expect(await templates.remove(owner, 3)).toBe(true)
    expect(await templates.read(1, 3)).toBeUndefined()
    const [person] = (await at.terminal.people.list()).people
    if (person === undefined) throw new Error('nobody is there')
    await templates.writeWithPeople([{ person, templates: [{ finger: 2, bytes }] }])
    expect(await templates.list()).toMatchObject([{ uid: 1, finger: 2 }])
    expect(at.scripted().disabled).toBe(false)
  })
})

describe('closing a terminal', () => {
  const person = { uid: 1, pin: '1001', layout: 'person/72' } as const

  it('ends a write that takes longer, so that people are let in and the buffer is freed', async () => {
    await using at = await stage({ silentOn: [CODES.TMP_WRITE] }, { timeouts: { ...QUICK, replyMs: 60_000 } })
    const writing = at.terminal.templates
      .write(person, { finger: 3, flag: 1, bytes: new Uint8Array(1500).fill(7) })
      .catch((error: unknown) => error)
    await expect.poll(() => at.scripted().count(CODES.TMP_WRITE)).toBe(1)
    expect(at.scripted().disabled).toBe(true)
    await at.terminal.close()
    expect(await writing).toMatchObject({ code: 'ZK_CLOSED', effect: 'unknown' })
    expect(
      at
        .scripted()
        .asked.map(({ code }) => code)
        .slice(-4),
    ).toEqual([CODES.TMP_WRITE, CODES.FREE_DATA, CODES.ENABLEDEVICE, CODES.EXIT])
  })

  it('lets a call that is at it come to its end', async () => {
    await using at = await stage()
    const reading = at.terminal.clock.read()
    await at.terminal.close()
    expect(await reading).toMatchObject({ year: 2026 })
    expect(at.scripted().exited).toBe(true)
  })

  it('ends an enrolment, and puts the terminal back to its normal work', async () => {
    await using at = await stage()
    const enrolling = at.terminal.enrolment.enrol(person, 6).catch((error: unknown) => error)
    await expect.poll(() => at.scripted().count(CODES.STARTVERIFY)).toBe(1)
    await at.terminal.close()
    expect(await enrolling).toMatchObject({ code: 'ZK_CLOSED', effect: 'none' })
    expect(
      at
        .scripted()
        .asked.map(({ code }) => code)
        .slice(-4),
    ).toEqual([CODES.REG_EVENT, CODES.CANCELCAPTURE, CODES.STARTVERIFY, CODES.EXIT])
    expect(lastPayload(at.scripted(), CODES.REG_EVENT)).toEqual(new Uint8Array(4))
  })
})

describe('a terminal that was disabled for some seconds', () => {
  it('is disabled again for a write, since they may be over', async () => {
    await using at = await stage()
    await at.terminal.power.disable(5)
    const template = { finger: 3, flag: 1, bytes: new Uint8Array(300).fill(7) }
    await at.terminal.templates.write({ uid: 1, pin: '1001' }, template)
    expect(at.scripted().count(CODES.DISABLEDEVICE)).toBe(2)
    expect([at.furniture.disabledForTemplate, at.scripted().disabled]).toEqual([true, false])
  })
})

describe('terminal.enrolment', () => {
  it('enrols with its steps, and is ended by a signal', async () => {
    const happening = { presses: true }
    await using at = await stage({
      first: (request, terminal) => {
        if (request.code !== CODES.STARTENROLL || !happening.presses) return false
        terminal.ok(request)
        terminal.session.sendEvent(EVENTS.FINGER, new Uint8Array(0))
        terminal.session.sendEvent(EVENTS.FPFTR, Uint8Array.of(100))
        at.furniture.templates.push({ uid: 1, finger: 6, flag: 1, bytes: new Uint8Array(512) })
        terminal.session.sendEvent(EVENTS.ENROLLFINGER, Uint8Array.of(0, 0))
        return true
      },
    })
    const person = { uid: 1, pin: '1001', layout: 'person/72' } as const
    const steps: string[] = []
    const { enrolment } = at.terminal
    expect(await enrolment.enrol(person, 6, { onStep: ({ type }) => steps.push(type) })).toEqual({
      finger: 6,
      templateBytes: 512,
      templateVersion: undefined,
      quality: 100,
      confirmed: true,
    })
    expect(steps).toEqual(['started', 'press', 'sample'])
    at.furniture.templates = []
    happening.presses = false
    const leaving = new AbortController()
    const call = enrolment.enrol(person, 6, { signal: leaving.signal, onStep: () => leaving.abort() })
    await expect(call).rejects.toMatchObject({ code: 'ZK_ABORTED' })
    expect(lastPayload(at.scripted(), CODES.REG_EVENT)).toEqual(new Uint8Array(4))
    await expect(enrolment.enrol(person, 6, { stepMs: 20 })).rejects.toMatchObject({
      details: { reason: 'timeout' },
    })
    await expect(enrolment.enrol(person, 6, { stepMs: Number.NaN })).rejects.toMatchObject({
      code: 'ZK_VALUE_OUT_OF_RANGE',
    })
    await enrolment.verify(1)
    expect(lastPayload(at.scripted(), CODES.STARTVERIFY)).toEqual(Uint8Array.of(1, 0))
    await enrolment.cancel()
    expect(lastPayload(at.scripted(), CODES.STARTVERIFY)).toHaveLength(0)
  })
})

describe('terminal.door', () => {
  it('opens in tenths unless the firmware counts in seconds', async () => {
    await using at = await stage()
    const { door } = at.terminal
    await door.unlock(5)
    expect(unlockDoor.request.decode(lastPayload(at.scripted(), CODES.UNLOCK))).toEqual({ delay: 50 })
    await door.unlock(5, { unit: 'seconds' })
    expect(unlockDoor.request.decode(lastPayload(at.scripted(), CODES.UNLOCK))).toEqual({ delay: 5 })
    for (const seconds of [0, 0.5, 3601, Number.NaN]) {
      await expect(door.unlock(seconds)).rejects.toMatchObject({
        code: 'ZK_VALUE_OUT_OF_RANGE',
        effect: 'none',
      })
    }
    expect(await door.readState()).toBe('open')
  })
})

describe('terminal.access', () => {
  it('reads and writes groups, zones and combinations', async () => {
    await using at = await stage()
    const { access } = at.terminal
    await access.writeGroupOf(1234, 2)
    expect(await access.readGroupOf(1234)).toBe(2)
    await access.writeZonesOf(1, [4])
    expect(await access.readZonesOf(1)).toEqual([4])
    await access.writeGroup(2, { zones: [4] })
    expect(await access.readGroup(2)).toMatchObject({ zones: [4] })
    await access.removeGroup(2)
    expect(await access.readGroup(2)).toMatchObject({ zones: [] })
    await access.writeGroup(3, { zones: [1] }, { form: 'compact' })
    await access.removeGroup(3, { form: 'compact' })
    expect(await access.readGroup(3, { form: 'compact' })).toBeUndefined()
    const week = Array.from({ length: 7 }, () => ({ from: '08:00', to: '17:30' }))
    await access.writeTimeZone(4, week)
    expect(await access.readTimeZone(4)).toEqual(week)
    await access.writeCombination(1, [2, 3])
    expect(await access.readCombination(1)).toEqual([2, 3])
    await access.reset()
    expect(at.furniture.cleared).toEqual([String(CODES.CLEAR_ACC)])
    at.furniture.forgets.add(CODES.USERGRP_WRQ)
    await expect(access.writeGroupOf(1234, 5)).rejects.toMatchObject({ details: { reason: 'not_kept' } })
  })
})

describe('terminal.clock and terminal.options', () => {
  it('set and read back', async () => {
    await using at = await stage()
    const { clock, options } = at.terminal
    const time = parseWallTime('2030-01-02T03:04:05')
    expect(await clock.set(time)).toMatchObject({ after: time })
    expect(await clock.read()).toEqual(time)
    expect(await options.read('VoiceOn')).toBe(true)
    await options.write('VoiceOn', false)
    expect(await options.read('VoiceOn')).toBe(false)
    expect(await options.read('WorkCode')).toBeUndefined()
    await options.writeText('Strange', 'a=b')
    expect(await options.readText('Strange')).toBe('a=b')
    await expect(options.write('~SSR', true)).rejects.toMatchObject({ code: 'ZK_VALUE_OUT_OF_RANGE' })
  })
})

describe('terminal.screen', () => {
  it('shows, clears, blinks and speaks', async () => {
    await using at = await stage()
    const { screen } = at.terminal
    await screen.write(2, 'Hello')
    expect(writeScreen.request.decode(lastPayload(at.scripted(), CODES.WRITE_LCD))).toEqual({
      line: 2,
      text: new TextEncoder().encode('Hello'),
    })
    await expect(screen.write(2, '你好')).rejects.toMatchObject({ code: 'ZK_NOT_ENCODABLE' })
    await screen.clear()
    await screen.blinkColon(true)
    await screen.blinkColon(false)
    expect(lastPayload(at.scripted(), CODES.ENABLE_CLOCK)).toEqual(Uint8Array.of(0))
    await screen.play(10)
    expect(playVoice.request.decode(lastPayload(at.scripted(), CODES.TESTVOICE))).toEqual({ index: 10 })
  })

  it('writes in the encoding that was chosen', async () => {
    await using at = await stage({}, { nameEncoding: 'gbk' })
    await at.terminal.screen.write(1, '你好')
    expect(lastPayload(at.scripted(), CODES.WRITE_LCD)).toEqual(
      Uint8Array.of(1, 0, 0, 0xc4, 0xe3, 0xba, 0xc3),
    )
  })
})

describe('terminal.messages', () => {
  it.each(['auto', 'windows-1251'])(
    'stores, reads, lists, shows and deletes with the encoding %s',
    async (nameEncoding) => {
      await using at = await stage({}, { nameEncoding })
      const { messages } = at.terminal
      const message = { id: 7, tag: 1, validMinutes: 30, text: 'Привет' }
      await messages.write({ ...message, from: parseWallTime('2026-11-23T08:00:00') })
      const stored = { ...message, from: '2026-11-23T08:00:00' }
      expect(await messages.read(7)).toEqual(stored)
      expect(await messages.list()).toEqual([stored])
      expect(await messages.read(8)).toBeUndefined()
      await messages.showTo(1, 7)
      await messages.showTo(2, 7)
      expect(await messages.links()).toEqual([
        { uid: 1, id: 7 },
        { uid: 2, id: 7 },
      ])
      await messages.hideFrom(1, 7)
      expect(lastPayload(at.scripted(), CODES.DELETE_UDATA)).toEqual(Uint8Array.of(1, 0, 7, 0))
      expect(await messages.links()).toEqual([{ uid: 2, id: 7 }])
      at.furniture.messageLinks.push(Uint8Array.of(1))
      await expect(messages.links()).rejects.toMatchObject({ code: 'ZK_BAD_RECORD' })
      await messages.remove(7)
      expect(await messages.list()).toEqual([])
    },
  )
})

describe('terminal.logs', () => {
  it('reads operations and work codes, and clears what it is told to and nothing else', async () => {
    await using at = await stage()
    const { logs } = at.terminal
    at.furniture.operations = new Uint8Array(32)
    expect(await logs.readOperations()).toHaveLength(2)
    expect(await logs.readWorkCodes()).toHaveLength(0)
    await logs.clearAttendance()
    await logs.clearOperations()
    await logs.clearTemplates()
    await logs.clearPeople()
    await logs.clearEverything()
    expect(at.furniture.cleared).toEqual([
      String(CODES.CLEAR_ATTLOG),
      String(CODES.CLEAR_OPLOG),
      'table 2',
      'table 5',
      'everything',
    ])
  })
})

describe('terminal.power', () => {
  it('tells the state, refreshes, sleeps and wakes', async () => {
    await using at = await stage()
    const { power } = at.terminal
    expect(await power.readState()).toEqual({ number: 2, name: 'identifying' })
    await power.sleep()
    await power.resume()
    await power.refreshData()
    await power.refreshOptions()
    expect(at.scripted().count(CODES.REFRESHOPTION)).toBe(1)
  })

  it('enables a terminal that it has disabled when it is closed, and only then', async () => {
    await using at = await stage()
    await at.terminal.power.disable(30)
    expect(lastPayload(at.scripted(), CODES.DISABLEDEVICE)).toEqual(Uint8Array.of(30, 0, 0, 0))
    await at.terminal.close()
    expect([at.scripted().count(CODES.ENABLEDEVICE), at.scripted().exited]).toEqual([1, true])
    await using other = await stage()
    await other.terminal.power.disable()
    await other.terminal.power.enable()
    await other.terminal.close()
    expect(other.scripted().count(CODES.ENABLEDEVICE)).toBe(1)
  })

  it('restarts and switches off, and is closed afterwards', async () => {
    await using silent = await stage({ silentOn: [CODES.RESTART] })
    expect(await silent.terminal.power.restart()).toEqual({ acknowledged: false })
    expect(silent.terminal.closed).toBe(true)
    await expect(silent.terminal.ping()).rejects.toMatchObject({ code: 'ZK_CLOSED' })
    await expect(silent.terminal.power.disable()).rejects.toMatchObject({ code: 'ZK_CLOSED' })
    await using at = await stage()
    expect(await at.terminal.power.off()).toEqual({ acknowledged: true })
    expect([at.terminal.closed, at.scripted().exited]).toEqual([true, true])
  })
})

describe('terminal.liveEvents', () => {
  const press = (at: { scripted(): ScriptedTerminal }, times: number): void => {
    for (let i = 0; i < times; i += 1) at.scripted().session.sendEvent(EVENTS.BUTTON, Uint8Array.of(i))
  }

  async function take(terminal: Terminal, wanted: number, onFirst: () => void): Promise<LiveNotice[]> {
    const taken: LiveNotice[] = []
    for await (const event of terminal.liveEvents()) {
      taken.push(event)
      if (taken.length === 1) onFirst()
      if (taken.length === wanted) break
    }
    return taken
  }

  it('hands out what happens, with other calls in between, and unregisters when the loop is left', async () => {
    await using at = await stage({
      // Each registration and each reading of the clock comes with a press of a button.
      first: (request, terminal) => {
        if (request.code === CODES.REG_EVENT && request.payload[0] !== 0) {
          terminal.ok(request)
          terminal.session.sendEvent(EVENTS.BUTTON, Uint8Array.of(9))
          return true
        }
        if (request.code === CODES.GET_TIME) press(at, 2)
        return false
      },
    })
    const pings: Promise<void>[] = []
    const taken = await take(at.terminal, 3, () => pings.push(at.terminal.ping()))
    await Promise.all(pings)
    expect(taken).toMatchObject([{ key: 9 }, { key: 0 }, { key: 1 }])
    expect(lastPayload(at.scripted(), CODES.REG_EVENT)).toEqual(new Uint8Array(4))
    await expect.poll(() => at.scripted().acknowledged).toBe(3)
  })

  it('throws when its signal aborts, when heartbeat or mask are impossible and when the terminal is closed', async () => {
    await using at = await stage()
    const next = (options: object): Promise<unknown> => at.terminal.liveEvents(options).next()
    const aborting = next({ signal: AbortSignal.timeout(20), mask: 1 })
    await expect(aborting).rejects.toMatchObject({ code: 'ZK_ABORTED' })
    for (const wrong of [{ heartbeatMs: 0 }, { mask: 0 }, { mask: 2 ** 16 }, { mask: 'ATTLOG' }]) {
      await expect(next(wrong)).rejects.toMatchObject({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    }
    await at.terminal.close()
    await expect(next({})).rejects.toMatchObject({ code: 'ZK_CLOSED' })
  })
})
