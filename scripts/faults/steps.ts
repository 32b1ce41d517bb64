// What the client does against each fault, and what must come of it: each step acts, compares with what the terminal
// holds, and throws Wrong where that differs. A ZkError is passed on: whether it may be one is judged elsewhere.
import { formatWallTime, ZkRefusedError } from '@org/zk-proto'
import { liveEvents } from './listening.ts'
import { listeningRead, tailRead, wholeRead } from './reading.ts'
import { hex, must, type Step, SURE_MS } from './scene.ts'

const PIN_DIGITS = 8
const UNLOCK_SECONDS = 3
const FINGERS = 10
const PRESS_MS = 2
/** Longer than the terminal waits for a finger. */
const STEP_MS = 600

const connecting: Step = {
  name: 'connect',
  connecting: true,
  act: ({ client }) => client.ping(),
}

const info: Step = {
  name: 'info',
  async act({ terminal, client, arm, struck }) {
    const { memory } = terminal
    arm()
    const told = await client.info()
    must(told.serialNumber === memory.serialNumber, `the serial number is read as ${told.serialNumber}`)
    must(told.firmware === memory.profile.firmware, `the firmware is read as ${told.firmware}`)
    must(told.people?.count === memory.people.count, `the people are counted as ${told.people?.count}`)
    // What the terminal counts wrong the client cannot know better.
    must(struck('miscount') || told.records?.count === memory.log.count, 'the records are counted wrong')
  },
}

const people: Step = {
  name: 'people',
  async act({ terminal, client, arm }) {
    arm()
    const read = await client.readPeople()
    const held = terminal.memory.people.list()
    must(
      read.people.length === held.length &&
        read.people.every(({ raw, pin, name }, index) => {
          const person = held[index]
          return hex(raw) === person?.raw && pin === person.pin && name === person.name
        }),
      `${read.people.length} people were read; the terminal holds ${held.length}, or others`,
    )
  },
}

const setClock: Step = {
  name: 'set clock',
  async act({ terminal, client, arm, number }) {
    const day = (number % 28) + 1
    const wanted = { year: 2041, month: 7, day, hour: 13, minute: 14, second: 15 }
    arm()
    await client.clock.set(wanted)
    const off = Math.abs(Date.parse(terminal.memory.clock.read()) - Date.parse(formatWallTime(wanted)))
    must(off <= SURE_MS * 2, `the clock was said to be set and shows ${terminal.memory.clock.read()}`)
  },
}

const unlock: Step = {
  name: 'unlock',
  async act({ terminal, client, arm }) {
    const { unlocks } = terminal.memory.door
    const before = unlocks.length
    arm()
    await client.door.unlock(UNLOCK_SECONDS)
    must(unlocks.length === before + 1, `the door opened ${unlocks.length - before} times`)
  },
}

const addPerson: Step = {
  name: 'write person',
  async act({ terminal, client, arm, number }) {
    const { memory } = terminal
    const pin = String(number).padStart(PIN_DIGITS, '9')
    const before = memory.people.list()
    arm()
    const added = await client.people.add({ pin, name: `P ${number}`, cardNumber: 4_711 })
    const kept = memory.people.findByPin(pin)
    must(
      kept !== undefined && kept.raw === hex(added.raw) && kept.name === `P ${number}`,
      'a person who was said to be written is not on the terminal',
    )
    must(memory.people.count === before.length + 1, 'writing a person changed how many others there are')
  },
}

/**
 * What a client may be told of an enrolment that failed, by what the person did. One result stands for cancelled and for
 * timed out: docs/protocol §17.
 */
const REASONS = new Map<string | undefined, readonly unknown[]>([
  ['poor', ['quality']],
  ['duplicate', ['duplicate']],
  ['timeOut', ['timeout', 'cancelled']],
  ['cancelled', ['cancelled']],
])

const enrol: Step = {
  name: 'enrol',
  async act({ terminal, client, arm, struck, number, patience }) {
    const { memory } = terminal
    const person = memory.people.list()[Math.floor(number / FINGERS)]
    must(person !== undefined, 'there is nobody left to enrol')
    if (person === undefined) return
    const finger = number % FINGERS
    const layout = memory.profile.personLayout
    memory.sensor.pressMs = PRESS_MS
    arm()
    const had = (): boolean => memory.templates.get(person.uid, finger) !== undefined
    try {
      await client.enrolment.enrol({ ...person, layout }, finger, { stepMs: STEP_MS * patience })
    } catch (error) {
      if (struck('enrolment') && error instanceof ZkRefusedError) {
        const { reason } = error.details
        const played = terminal.faults.plan.faults.get('enrolment')?.word('person')
        must(REASONS.get(played)?.includes(reason) === true, `why it failed is told as ${reason}`)
        must(!had(), 'an enrolment that failed left a template behind')
      }
      throw error
    }
    must(had(), 'a finger that was said to be enrolled is not')
  },
}

const disable: Step = {
  name: 'disable',
  async act({ terminal, client, arm, struck }) {
    arm()
    await client.power.disable()
    // The end of the session enables it again.
    must(struck('cut') || !terminal.memory.isEnabled, 'the terminal was said to be disabled and is not')
  },
}

/** All that the client does, in this order. */
export const STEPS: readonly Step[] = [
  connecting,
  info,
  people,
  wholeRead,
  tailRead,
  listeningRead,
  setClock,
  unlock,
  addPerson,
  liveEvents,
  enrol,
  disable,
]
