// The sensor under a client's orders, by our client and by bare packets: each way an enrolment can end, what is heard of it
// and what stays behind.
import { connect, type Terminal } from '@org/zk-proto'
import { CODES, decodeLiveEvents, REPLIES, startEnrolment, type LiveEvent } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { profileNamed, type EnrolmentHabits, type Profile } from '../src/profile.ts'
import { startTerminal, type SimulatedTerminal, type TerminalOptions } from '../src/simulated-terminal.ts'
import { RawClient } from './support/raw-client.ts'

const FINGER = 4

function withHabits(habits: Partial<EnrolmentHabits>, name = 'typical'): Profile {
  const profile = profileNamed(name)
  return { ...profile, enrolment: { ...profile.enrolment, ...habits } }
}

async function started(options: TerminalOptions = {}): Promise<SimulatedTerminal> {
  const terminal = await startTerminal({ people: 3, punches: 0, ...options })
  terminal.memory.sensor.pressMs = 5
  return terminal
}

function connectTo({ port, memory }: SimulatedTerminal): Promise<Terminal> {
  const [transport = 'tcp'] = memory.profile.transports
  return connect({ host: '127.0.0.1', port, transport })
}

async function enrol(terminal: SimulatedTerminal, client: Terminal, steps: string[] = []) {
  const [person] = (await client.readPeople()).people
  if (person === undefined) throw new Error('expected a person')
  const onStep = ({ type }: { type: string }): void => {
    steps.push(type)
  }
  return client.enrolment.enrol(person, FINGER, { onStep, deadlineMs: 60_000 })
}

describe('an enrolment over the network', () => {
  it.each(['typical', 'old', 'visible-light', 'access-panel'])(
    'by somebody who presses well gives a %s terminal a template',
    async (profile) => {
      await using terminal = await started({ profile, enrolment: 'good' })
      await using client = await connectTo(terminal)
      const { finger, templateBytes } = await enrol(terminal, client)
      const template = terminal.memory.templates.get(1, FINGER)
      expect([finger, templateBytes]).toEqual([FINGER, template?.bytes.length])
      expect(terminal.memory.sensor.enrolling).toBeUndefined()
      expect(terminal.memory.truth().operations.at(-1)).toMatchObject({
        name: 'enrol fingerprint',
        parameters: [1, 1, FINGER, 0],
      })
    },
  )

  it.each([
    { script: 'poor', reason: 'quality', presses: 1 },
    { script: 'duplicate', reason: 'duplicate', presses: 1 },
    { script: 'cancelled', reason: 'cancelled', presses: 1 },
    { script: 'time-out', reason: 'cancelled', presses: 0 },
  ] as const)('ends as $reason when the person is $script', async ({ script, reason, presses }) => {
    await using terminal = await started({ profile: withHabits({ pressTimeoutMs: 30 }), enrolment: script })
    await using client = await connectTo(terminal)
    const steps: string[] = []
    await expect(enrol(terminal, client, steps)).rejects.toMatchObject({
      code: 'ZK_REFUSED',
      details: { reason },
    })
    expect(steps.filter((step) => step === 'press')).toHaveLength(presses)
    expect(terminal.memory.templates.count).toBe(0)
    expect(terminal.memory.truth().operations.at(-1)).toMatchObject({
      name: 'enrol fingerprint',
      parameters: [1, 0, FINGER, 0],
    })
    expect(terminal.hand.present('1001')).toBeDefined()
  })

  it('may be tried again after a bad press where the model lets it', async () => {
    await using terminal = await started({
      profile: withHabits({ badPressEnds: false }),
      enrolment: 'by-hand',
    })
    await using client = await connectTo(terminal)
    const done = enrol(terminal, client)
    await expect.poll(() => terminal.memory.sensor.enrolling).toBeDefined()
    const { hand } = terminal
    const presses = (['good', 'poor', 'good', 'good', 'good'] as const).map((press) => hand.press(press))
    // Three good ones are wanted, and then it is over.
    expect(presses).toEqual([true, true, true, true, false])
    await expect(done).resolves.toMatchObject({ finger: FINGER })
  })

  it('fails when every press is bad', async () => {
    await using terminal = await started({ profile: withHabits({ badPressEnds: false }), enrolment: 'poor' })
    await using client = await connectTo(terminal)
    await expect(enrol(terminal, client)).rejects.toMatchObject({ details: { reason: 'quality' } })
  })

  it('takes fingers presented by hand as presses: the own one, and one of somebody else', async () => {
    await using terminal = await started({ enrolment: 'by-hand' })
    await using client = await connectTo(terminal)
    const own = enrol(terminal, client)
    await expect.poll(() => terminal.memory.sensor.enrolling).toBeDefined()
    for (let press = 0; press < 3; press++) expect(terminal.hand.present('1001')).toBeUndefined()
    await expect(own).resolves.toMatchObject({ finger: FINGER })
    terminal.memory.templates.clear()
    const other = enrol(terminal, client)
    await expect.poll(() => terminal.memory.sensor.enrolling).toBeDefined()
    terminal.hand.present('1002')
    await expect(other).rejects.toMatchObject({ details: { reason: 'duplicate' } })
    expect(terminal.memory.log.count).toBe(0)
  })

  it('is ended at the keypad, and only once', async () => {
    await using terminal = await started({ enrolment: 'by-hand' })
    await using client = await connectTo(terminal)
    const done = enrol(terminal, client)
    await expect.poll(() => terminal.memory.sensor.enrolling).toBeDefined()
    expect([terminal.hand.cancelEnrolment(), terminal.hand.cancelEnrolment()]).toEqual([true, false])
    await expect(done).rejects.toMatchObject({ details: { reason: 'cancelled' } })
  })

  it('is refused, or accepted and never told of, by firmware that is like that', async () => {
    await using refusing = await started({ profile: withHabits({ overNetwork: 'refused' }) })
    await using first = await connectTo(refusing)
    await expect(enrol(refusing, first)).rejects.toMatchObject({ details: { reason: 'unsupported' } })
    await using silent = await started({ profile: withHabits({ overNetwork: 'no-events' }) })
    await using second = await connectTo(silent)
    const [person] = (await second.readPeople()).people
    if (person === undefined) throw new Error('expected a person')
    await expect(second.enrolment.enrol(person, FINGER, { stepMs: 50 })).rejects.toMatchObject({
      details: { reason: 'timeout' },
    })
  })

  it('fails when there is no more room for its template', async () => {
    const typical = profileNamed('typical')
    const capacity = { ...typical.capacity, fingerprints: 1 }
    await using terminal = await started({ profile: { ...typical, capacity }, enrolment: 'by-hand' })
    await using client = await connectTo(terminal)
    const done = enrol(terminal, client)
    await expect.poll(() => terminal.memory.sensor.enrolling).toBeDefined()
    terminal.memory.templates.store(2, 0, Uint8Array.of(1))
    for (let press = 0; press < 3; press++) terminal.hand.press()
    await expect(done).rejects.toMatchObject({ code: 'ZK_REFUSED' })
  })
})

describe('bare packets', () => {
  async function conversation(options: TerminalOptions = {}) {
    const terminal = await started(options)
    const client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    await client.ask({
      command: CODES.REG_EVENT,
      session,
      replyId: 1,
      payload: Uint8Array.of(255, 255, 0, 0),
    })
    return {
      terminal,
      client,
      /** Asks, and gives the reply code; events may come before it. */
      async codeOf(command: number, payload: Uint8Array = new Uint8Array(0)): Promise<number> {
        const begin = client.received.length
        client.send({ command, session, replyId: 7, payload })
        for (let index = begin; ; index++) {
          const packet = await client.nth(index)
          if (packet.command !== CODES.REG_EVENT) return packet.command
        }
      },
      heard: (): LiveEvent[] =>
        client.received
          .filter(({ command }) => command === CODES.REG_EVENT)
          .flatMap((packet) => decodeLiveEvents(packet.session, packet.payload)),
      async [Symbol.asyncDispose](): Promise<void> {
        await client[Symbol.asyncDispose]()
        await terminal.stop()
      },
    }
  }
  const order = startEnrolment.request.encode({ pin: '1002', finger: FINGER, flag: 3 })

  it('a second order is refused while the first goes on, and the state says that it does', async () => {
    await using at = await conversation({ enrolment: 'by-hand' })
    expect(await at.codeOf(CODES.STARTENROLL, order)).toBe(REPLIES.ACK_OK)
    expect(await at.codeOf(CODES.STARTENROLL, order)).toBe(REPLIES.ACK_ERROR)
    await at.codeOf(CODES.STATE_RRQ)
    expect(at.client.received.at(-1)?.session).toBe(1)
    for (let press = 0; press < 3; press++) at.terminal.hand.press()
    await expect
      .poll(() => at.heard().map(({ type }) => type))
      .toEqual([...Array.from({ length: 3 }, () => ['touch', 'sample']).flat(), 'enrolment'])
    expect(at.heard().at(-1)).toMatchObject({ result: 'enrolled', pin: '1002', finger: FINGER })
    expect(at.terminal.memory.templates.get(2, FINGER)?.flag).toBe(3)
    expect(await at.codeOf(CODES.STARTENROLL, order)).toBe(REPLIES.ACK_ERROR)
  })

  it('CMD_CANCELCAPTURE ends an enrolment with result 6, and the sensor rests until CMD_STARTVERIFY', async () => {
    await using at = await conversation({ enrolment: 'by-hand' })
    await at.codeOf(CODES.STARTENROLL, order)
    expect(await at.codeOf(CODES.CANCELCAPTURE)).toBe(REPLIES.ACK_OK)
    expect(at.heard()).toMatchObject([{ type: 'enrolment', resultCode: 6 }])
    const { hand } = at.terminal
    expect(hand.present('1001')).toBeUndefined()
    expect(hand.present('1001', 'card')).toBeDefined()
    await at.codeOf(CODES.STARTVERIFY)
    expect(hand.present('1001')).toBeDefined()
  })

  it('a sensor that rests works again when the session ends that stopped it', async () => {
    await using at = await conversation()
    await at.codeOf(CODES.CANCELCAPTURE)
    expect(at.terminal.memory.sensor.isResting).toBe(true)
    await at.codeOf(CODES.EXIT)
    expect(at.terminal.hand.present('1001')).toBeDefined()
  })

  it('a sensor that is told to recognise one person takes nobody else for them', async () => {
    await using at = await conversation()
    await at.codeOf(CODES.STARTVERIFY, Uint8Array.of(2, 0))
    expect(at.terminal.hand.present('1001')).toBeUndefined()
    await expect
      .poll(() => at.heard())
      .toMatchObject([{ type: 'touch' }, { type: 'verification', uid: undefined }])
    await at.codeOf(CODES.STARTVERIFY, Uint8Array.of(2, 0))
    expect(at.terminal.hand.present('1002')).toMatchObject({ uid: 2 })
    expect(at.terminal.hand.present('1001')).toMatchObject({ uid: 1 })
  })

  it('a restart ends what the sensor was at', async () => {
    await using at = await conversation({
      profile: { ...profileNamed('typical'), cancelStopsSensor: false },
      enrolment: 'by-hand',
    })
    await at.codeOf(CODES.STARTENROLL, order)
    at.terminal.memory.restart()
    expect(at.terminal.memory.sensor.enrolling).toBeUndefined()
    await at.codeOf(CODES.CANCELCAPTURE)
    expect(at.terminal.memory.sensor.isResting).toBe(false)
  })
})
