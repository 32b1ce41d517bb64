// What a connected terminal is asked: who it is, how full, what its clock shows, and one piece of its log. Reading alone.
import { ZkError, ZkRefusedError, type Capacity, type CountOf, type Terminal } from '@org/zk-proto'
import { failedWith } from './advice.ts'
import { checkOf, notTried, type Check, type Finding, type StepName } from './check.ts'
import { judgeClock } from './clock.ts'
import { factsOf, judgeDevice, judgeSizes, type Facts } from './facts.ts'

export interface QuestionOptions {
  readonly port: number
  readonly timeoutMs: number
  readonly zone: string
  readonly toleratedMinutes: number
  readonly signal: AbortSignal
}

/** A step, and the facts once they are known. */
export interface Answer {
  readonly check: Check
  readonly facts: Facts | undefined
}

/** One answer a step. After a failure that is no refusal the others are not tried. Throws the signal's reason when it aborts. */
export async function* questions(
  terminal: Terminal,
  options: QuestionOptions,
): AsyncGenerator<Answer, void, undefined> {
  const { signal, timeoutMs: deadlineMs } = options
  const way = terminal.transport
  let facts: Facts | undefined
  let clock: Check = notTried('clock', way, 'the terminal did not say what it is')
  let silent = false

  const asked = async (step: StepName, question: () => Promise<Finding>): Promise<Check> => {
    if (silent) return notTried(step, way, 'the terminal had failed before')
    const begun = performance.now()
    try {
      const finding = await question()
      return checkOf(step, way, performance.now() - begun, finding)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ZkError)) throw error
      silent = !(error instanceof ZkRefusedError)
      const finding = failedWith(error, { port: options.port, way, timeoutMs: deadlineMs, heard: true })
      return checkOf(step, way, performance.now() - begun, finding)
    }
  }

  const device = await asked('device', async () => {
    const info = await terminal.info({ signal, deadlineMs })
    facts = factsOf(info)
    clock = checkOf('clock', way, info.roundTripMs, judgeClock(info, options.zone, options.toleratedMinutes))
    return judgeDevice(facts)
  })
  yield { check: device, facts }
  const sizes = await asked('sizes', async () =>
    judgeSizes(countsOf(await terminal.readCapacity({ signal, deadlineMs }))),
  )
  yield { check: sizes, facts }
  yield { check: clock, facts }
  yield { check: await asked('read', () => readAPiece(terminal, signal, deadlineMs)), facts }
}

function countsOf(capacity: Capacity) {
  return {
    people: countOf(capacity.people, capacity.personCapacity),
    fingerprints: countOf(capacity.fingerprints, capacity.fingerprintCapacity),
    faces: countOf(capacity.faces, capacity.faceCapacity),
    records: countOf(capacity.records, capacity.recordCapacity),
  }
}

function countOf(count: number | undefined, capacity: number | undefined): CountOf | null {
  return count === undefined || capacity === undefined ? null : { count, capacity }
}

/** The first piece of the log; leaving it frees the terminal's buffer. */
async function readAPiece(terminal: Terminal, signal: AbortSignal, deadlineMs: number): Promise<Finding> {
  const pieces = terminal.readAttendance({ signal, deadlineMs, denied: 'mark' })[Symbol.asyncIterator]()
  try {
    const first = await pieces.next()
    const count = first.done === true ? 0 : first.value.punches.length
    return {
      verdict: 'ok',
      said: count === 0 ? 'The log is empty, and says so' : `The first ${count} records of the log were read`,
      details: { recordsRead: count },
    }
  } finally {
    await pieces.return?.()
  }
}
