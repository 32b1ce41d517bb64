// A touch as its live events: byte for byte as recorded where there is a recording, and never a form that does not hold
// the person.
import { decodeLiveEvents, EVENTS, packTime, parseWallTime, toHex } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { happeningsOf, type Meeting, type PunchEventBytes } from '../src/live-happening.ts'
import { encodePerson, personTruth, type PersonTruth } from '../src/person-record.ts'
import { encodePunch, punchTruth, type PunchTruth } from '../src/punch-record.ts'

const FORMS: readonly PunchEventBytes[] = [10, 12, 14, 32, 36, 37, 52]

function person(uid: number, pin: string): PersonTruth {
  return personTruth('person/72', encodePerson('person/72', { uid, pin, name: 'Ana' }))
}

interface Facts {
  wallTime: string
  verifyMode: number
  state: number
  workCode?: number
}

/** A punch as a 16-byte log keeps it. */
function punch(facts: Facts): PunchTruth {
  const { wallTime, workCode = 0, ...rest } = facts
  const packedTime = packTime(parseWallTime(wallTime))
  const raw = encodePunch('attendance/16', { uid: 0, pin: '0', packedTime, workCode, ...rest })
  return punchTruth('attendance/16', raw, 0)
}

function meeting(changes: Partial<Meeting>): Meeting {
  return { byFinger: true, person: person(2, '2'), punch: undefined, doorOpened: false, ...changes }
}

/** The event of a punch. */
function told(changes: Partial<Meeting>, form: PunchEventBytes): Uint8Array {
  const found = happeningsOf(meeting(changes), form).find(({ event }) => event === EVENTS.ATTLOG)
  return found?.payload ?? new Uint8Array(0)
}

const granted = punch({ wallTime: '2026-07-14T17:42:16', verifyMode: 0, state: 0 })

describe('the events of a touch', () => {
  it('come in order: finger, verification, punch, and the door where it opens', () => {
    const events = happeningsOf(meeting({ punch: granted, doorOpened: true }), 36)
    expect(events.map(({ event }) => event)).toEqual([
      EVENTS.FINGER,
      EVENTS.VERIFY,
      EVENTS.ATTLOG,
      EVENTS.UNLOCK,
    ])
    expect(events[0]?.payload).toHaveLength(0)
  })

  it('of a finger that nobody has are two, the second for nobody', () => {
    const events = happeningsOf(meeting({ person: undefined }), 36)
    expect(events.map(({ event, payload }) => [event, toHex(payload)])).toEqual([
      [EVENTS.FINGER, ''],
      [EVENTS.VERIFY, 'ffffffff01'],
    ])
  })

  it('tell of no punch where nothing was recorded, and of no finger where a card was shown', () => {
    expect(happeningsOf(meeting({ byFinger: false }), 36).map(({ event }) => event)).toEqual([EVENTS.VERIFY])
  })

  it('are those of the recordings, byte for byte', () => {
    // Capture rt-verify-ok-5.
    expect(toHex(happeningsOf(meeting({}), 12)[1]?.payload ?? new Uint8Array(0))).toBe('0200000001')
  })
})

describe('the event of a punch', () => {
  it.each<{ capture: string; form: PunchEventBytes; pin: string; facts: Facts; bytes: string }>([
    {
      capture: 'rt-attlog-12-zem760-granted',
      form: 12,
      pin: '1',
      facts: { wallTime: '2026-07-14T17:42:16', verifyMode: 0, state: 0 },
      bytes: '0100000000001a070e112a10',
    },
    {
      capture: 'rt-attlog-12',
      form: 12,
      pin: '4822257',
      facts: { wallTime: '2018-12-07T19:09:06', verifyMode: 0, state: 0 },
      bytes: 'f19449000000120c07130906',
    },
    {
      capture: 'rt-attlog-14-udp-denied',
      form: 14,
      pin: '2',
      facts: { wallTime: '2020-04-29T18:55:18', verifyMode: 0, state: 7 },
      bytes: '0200008714041d12371200000000',
    },
    {
      capture: 'rt-attlog-32-face',
      form: 32,
      pin: '1140064',
      facts: { wallTime: '2018-11-29T12:55:03', verifyMode: 15, state: 0 },
      bytes: '3131343030363400000000000000000000000000000000000f00120b1d0c3703',
    },
  ])('is the recorded one of $capture, byte for byte', ({ form, pin, facts, bytes }) => {
    expect(toHex(told({ person: person(2, pin), punch: punch(facts) }, form))).toBe(bytes)
  })

  it.each(FORMS)('in %i bytes tells who, when, how and in which state', (form) => {
    const payload = told({ person: person(40_000, '517'), punch: granted }, form)
    expect(payload).toHaveLength(form)
    expect(decodeLiveEvents(EVENTS.ATTLOG, payload)).toMatchObject([
      { type: 'punch', pin: '517', wallTime: granted.wallTime, verifyMode: 0, state: 0, denied: false },
    ])
  })

  it.each(FORMS)('in %i bytes has bit 7 beside the reason of a refusal', (form) => {
    const refused = punch({ wallTime: '2026-07-14T17:42:16', verifyMode: 4, state: 7 })
    const [event] = decodeLiveEvents(EVENTS.ATTLOG, told({ punch: refused }, form))
    expect(event).toMatchObject({ type: 'punch', state: 0x87, denied: true })
  })

  it.each(FORMS)('in %i bytes keeps the state of a punch without a key as it is', (form) => {
    const keyless = punch({ wallTime: '2026-07-14T17:42:16', verifyMode: 1, state: 255 })
    const [event] = decodeLiveEvents(EVENTS.ATTLOG, told({ punch: keyless }, form))
    expect(event).toMatchObject({ type: 'punch', state: 255, denied: false })
  })

  it.each<{ pin: string; form: PunchEventBytes; number: string }>([
    { pin: '65535', form: 10, number: '65535' },
    { pin: '65536', form: 10, number: '77' },
    { pin: '65536', form: 14, number: '77' },
    { pin: '65536', form: 12, number: '65536' },
    { pin: '4294967296', form: 12, number: '77' },
    { pin: 'A7', form: 12, number: '77' },
  ])(
    'of pin $pin in $form bytes names $number: the uid where the pin has no room',
    ({ pin, form, number }) => {
      const [event] = decodeLiveEvents(EVENTS.ATTLOG, told({ person: person(77, pin), punch: granted }, form))
      expect(event).toMatchObject({ pin: number })
    },
  )

  it('carries the work code in the form that has one', () => {
    const coded = punch({ wallTime: '2026-07-14T17:42:16', verifyMode: 1, state: 0, workCode: 300 })
    expect(decodeLiveEvents(EVENTS.ATTLOG, told({ punch: coded }, 36))).toMatchObject([{ workCode: 300 }])
  })
})
