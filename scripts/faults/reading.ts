// The steps that read the attendance log: whole, its tail, and while somebody listens.
import type { AttendanceBookmark, AttendanceSummary, Punch } from '@org/zk-proto'
import type { PunchTruth } from '@org/zk-sim'
import type { Client } from './client.ts'
import { isListening, listen } from './listening.ts'
import { hex, must, type Scene, type Step } from './scene.ts'

interface Read {
  readonly punches: readonly Punch[]
  readonly summary: AttendanceSummary
}

async function readLog(client: Client, from?: AttendanceBookmark): Promise<Read> {
  const read = client.readAttendance({ denied: 'mark', ...(from && { from }) })
  const punches: Punch[] = []
  for await (const batch of read) punches.push(...batch.punches)
  return { punches, summary: read.summary() }
}

const isSame = (records: readonly string[], punches: readonly PunchTruth[]): boolean =>
  records.length === punches.length && records.every((record, index) => record === punches[index]?.raw)

/** The log as the client has it after a read: what it knew before a matching bookmark, then what it read. */
function assembled(known: readonly string[], { punches, summary }: Read): string[] {
  must(
    summary.read === punches.length,
    `the summary says ${summary.read} punches, ${punches.length} were given`,
  )
  must(summary.anchor === 'matched' || summary.from === 0, 'a read of the whole log does not begin at 0')
  punches.forEach((punch, index) =>
    must(punch.index === summary.from + index, `punch ${summary.from + index} has the index ${punch.index}`),
  )
  return [...known.slice(0, summary.from), ...punches.map(({ raw }) => hex(raw))]
}

/**
 * A read is right when it gives the log as it stood at one moment of it: before, after, or with some of what was added
 * meanwhile. And nothing is lost for good: a read from its bookmark gives the log as it stands then.
 */
async function judgeRead(
  { terminal, client, disarm }: Scene,
  known: readonly string[],
  before: readonly PunchTruth[],
  read: Read,
): Promise<void> {
  disarm()
  const after = terminal.memory.truth().punches
  const got = assembled(known, read)
  const isGrown =
    got.length >= before.length && isSame(got.slice(0, before.length), before) && isStartOf(got, after)
  must(
    isSame(got, before) || isSame(got, after) || isGrown || isRefilled(got, after, before.length),
    `the read gave ${got.length} punches; the terminal held ${before.length} before it and ${after.length} after it`,
  )
  judgePunches(read.punches, [...before, ...after])
  const next = await readLog(client, read.summary.bookmark)
  must(isSame(assembled(got, next), after), 'a read from the bookmark does not give what the terminal holds')
}

const isStartOf = (records: readonly string[], punches: readonly PunchTruth[]): boolean =>
  isSame(records, punches.slice(0, records.length))

/** A log that was cleared and is being filled anew is read as far as it had come. */
const isRefilled = (got: readonly string[], after: readonly PunchTruth[], before: number): boolean =>
  after.length < before && isStartOf(got, after) && got.length === after.length

/** Every field is what the terminal means by these bytes. */
function judgePunches(punches: readonly Punch[], held: readonly PunchTruth[]): void {
  const truths = new Map(held.map((truth) => [truth.raw, truth]))
  for (const punch of punches) {
    const truth = truths.get(hex(punch.raw))
    must(
      punch.logNumber === truth?.logNumber &&
        punch.wallTime === truth.wallTime &&
        punch.validTime === truth.validTime &&
        punch.state === truth.state &&
        punch.denied === truth.denied,
      `punch ${punch.index} is read as ${punch.logNumber} at ${punch.wallTime}`,
    )
  }
}

/** The whole log. */
export const wholeRead: Step = {
  name: 'whole read',
  async act(scene) {
    const { terminal, client, arm } = scene
    const before = terminal.memory.truth().punches
    arm()
    await judgeRead(scene, [], before, await readLog(client))
  },
}

/** What follows a bookmark. */
export const tailRead: Step = {
  name: 'tail read',
  async act(scene) {
    const { terminal, client, arm } = scene
    const first = await readLog(client)
    const known = first.punches.map(({ raw }) => hex(raw))
    for (const { pin } of terminal.memory.people.list().slice(0, 3)) terminal.memory.punch({ pin })
    const before = terminal.memory.truth().punches
    arm()
    await judgeRead(scene, known, before, await readLog(client, first.summary.bookmark))
  },
}

/** The whole log, while live events are asked for. */
export const listeningRead: Step = {
  name: 'read while listening',
  async act(scene) {
    const { terminal, client, arm } = scene
    const before = terminal.memory.truth().punches
    const stop = new AbortController()
    const listening = listen(scene, stop.signal, () => false)
    try {
      await isListening(scene, listening)
      arm()
      const read = await readLog(client)
      stop.abort()
      // Its end is asked for: what it says of that is no outcome of the read.
      await listening.ended
      await judgeRead(scene, [], before, read)
    } finally {
      stop.abort()
      await listening.ended
    }
  },
}
