// Who is on a terminal, with their fingers and templates where it lets these be read. The read gives way to whoever waits for the
// terminal, and begins anew when it is had again.
import type { OnProgress, PeopleRead, Terminal } from '@org/zk-proto'
import { ifTold } from '../terminals/side-question.ts'
import type { TerminalAtHand, WithTerminal } from '../terminals/with-terminal.ts'
import { templatesByUid, type VersionedTemplate } from './kept-templates.ts'

/** The people of a terminal, read now. */
export interface PeopleOfTerminal {
  readonly list: PeopleRead
  /** By uid; undefined where the terminal does not let them be read. */
  readonly templates: ReadonlyMap<number, readonly VersionedTemplate[]> | undefined
}

/** Which terminal, and how patiently. */
export interface ReadPeopleOptions {
  readonly deviceId: number
  readonly signal: AbortSignal
  /** How long to wait for the terminal; DEVICE_WAIT_MS when left out. */
  readonly waitMs?: number
  readonly onProgress?: OnProgress
}

/** How often a read gives way and begins anew. Then it reads to the end. */
const LOST_READS = 3
const HIGHEST_FINGER = 9

/** Reads everybody and hands them to `use` while the terminal is still held. Throws as `withTerminal` does. */
export async function withPeopleOf<T>(
  withTerminal: WithTerminal,
  { deviceId, signal, waitMs, onProgress }: ReadPeopleOptions,
  use: (hand: TerminalAtHand, read: PeopleOfTerminal) => Promise<T>,
): Promise<T> {
  for (let lost = 0; ; lost += 1) {
    const patience = { signal, hasYielded: lost > 0, ...(waitMs === undefined ? {} : { waitMs }) }
    const outcome = await withTerminal(deviceId, { ...patience, manner: 'hosting' }, async (hand) => {
      const read = await readUnlessWanted(hand, lost < LOST_READS, onProgress)
      return read && { result: await use(hand, read) }
    })
    if (outcome !== undefined) return outcome.result
  }
}

/** Undefined when somebody else waits for the terminal: they go first. */
async function readUnlessWanted(
  hand: TerminalAtHand,
  givesWay: boolean,
  onProgress: OnProgress | undefined,
): Promise<PeopleOfTerminal | undefined> {
  const { terminal, signal } = hand
  const wanted = new AbortController()
  const stopWatching = givesWay ? hand.whenWanted(() => wanted.abort()) : () => undefined
  try {
    return await readPeopleOf(terminal, AbortSignal.any([signal, wanted.signal]), onProgress)
  } catch (error) {
    if (wanted.signal.aborted && !signal.aborted && !terminal.closed) return undefined
    throw error
  } finally {
    stopWatching()
  }
}

async function readPeopleOf(
  terminal: Terminal,
  signal: AbortSignal,
  onProgress: OnProgress | undefined,
): Promise<PeopleOfTerminal> {
  const call = { signal, ...(onProgress === undefined ? {} : { onProgress }) }
  const list = await terminal.people.list(call)
  const version = await fingerprintVersion(terminal, signal)
  const templates = await ifTold(terminal, terminal.templates.list(call))
  return { list, templates: templates && templatesByUid(templates, version) }
}

/** The version of templates that a terminal compares fingers by; undefined where it does not say. */
export async function fingerprintVersion(
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number | undefined> {
  const told = await ifTold(terminal, terminal.readOption('~ZKFPVersion', { signal }))
  const version = told === undefined || told.trim() === '' ? Number.NaN : Number(told)
  return Number.isInteger(version) ? version : undefined
}

/** Which fingers are enrolled, by uid. */
export function fingersByUid(
  templates: ReadonlyMap<number, readonly VersionedTemplate[]>,
): ReadonlyMap<number, readonly number[]> {
  return new Map([...templates].map(([uid, ofUid]) => [uid, fingersOf(ofUid)]))
}

/** The fingers of templates, each once, in order. */
export function fingersOf(templates: readonly Pick<VersionedTemplate, 'finger'>[]): readonly number[] {
  return [...new Set(templates.map(({ finger }) => finger))].toSorted((a, b) => a - b)
}

/** The fingers of one person, asked one by one. */
export async function readFingers(
  terminal: Terminal,
  uid: number,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const fingers: number[] = []
  for (let finger = 0; finger <= HIGHEST_FINGER; finger += 1) {
    const template = await ifTold(terminal, terminal.templates.read(uid, finger, { signal }))
    if (template !== undefined) fingers.push(finger)
  }
  return fingers
}
