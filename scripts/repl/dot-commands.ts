// The commands with a point: what is wanted most often, as tables. Each gives its value too, which `--eval … --json` prints.
import { formatWallTime, parseWallTime, punchStateName, verifyModeName, type Terminal } from '@org/zk-proto'
import { NO_VERIFY_MODE } from '@org/zk-proto/wire'
import type { LiveNotice, Person, PunchFacts } from '@org/zk-proto'
import { liveFacts } from '../trace/live-facts.ts'
import { factText } from '../trace/lines.ts'
import { dangerOfCommand, DANGEROUS_CALLS } from './danger.ts'
import { helpFor } from './help.ts'
import type { Link } from './link.ts'
import type { TerminalMembers } from './methods.ts'
import type { Output } from './output.ts'
import { ProgressBar } from './progress.ts'
import { parseRaw, rawShown } from './raw.ts'
import type { Running } from './running.ts'
import { pairLines, tableLines, type Column } from './table.ts'
import type { WireTrace } from './wire-trace.ts'

/** What the commands work with. */
export interface Scene {
  readonly link: Link
  readonly running: Running
  readonly trace: WireTrace
  readonly out: Output
  readonly members: TerminalMembers
  readonly nameEncoding: string
  readonly showsProgress: boolean
  readonly confirm: (danger: string) => Promise<void>
}

/** One command. */
export interface DotCommand {
  readonly name: string
  /** What stands behind its name. */
  readonly usage: string
  readonly about: string
  readonly run: (scene: Scene, rest: string) => Promise<void>
}

/** A command that was called in a way that it does not know. */
export class DotUsageError extends Error {
  override readonly name = 'DotUsageError'
}

const PEOPLE_SHOWN = 50
const PUNCHES_SHOWN = 20
const MOST_PUNCHES = 100_000
const LONGEST_UNLOCK_SECONDS = 3_600
const LONGEST_LIVE_SECONDS = 86_400

const connected = ({ link, running }: Scene): Promise<Terminal> => link.ready(running.signal)

async function info(scene: Scene): Promise<void> {
  const terminal = await connected(scene)
  const told = await terminal.info({ signal: scene.running.signal })
  const count = (of: { count: number; capacity: number } | null): string | null =>
    of === null ? null : `${of.count} of ${of.capacity}`
  const { clockFault, wallTimeReadAtMs: _, roundTripMs, ...facts } = told
  scene.out.result(
    { ...facts, transport: terminal.transport, clockFault: clockFault?.code ?? null },
    pairLines([
      ['model', told.model],
      ['platform', told.platform],
      ['firmware', told.firmware],
      ['serial number', told.serialNumber],
      ['MAC address', told.mac],
      ['fingerprint version', told.fingerprintVersion],
      ['face version', told.faceVersion],
      ['people', count(told.people)],
      ['fingerprints', count(told.fingerprints)],
      ['faces', count(told.faces)],
      ['punches', count(told.records)],
      ['clock', clockFault === undefined ? told.wallTime : clockFault.message],
      ['connection', `${terminal.transport}, ${Math.round(roundTripMs)} ms there and back`],
    ]),
  )
}

const PEOPLE_COLUMNS: readonly Column<Person>[] = [
  { title: 'uid', of: ({ uid }) => uid, right: true },
  { title: 'pin', of: ({ pin }) => pin },
  { title: 'name', of: ({ name }) => name },
  { title: 'level', of: ({ level }) => level },
  { title: 'enabled', of: ({ enabled }) => (enabled ? 'yes' : 'no') },
  { title: 'group', of: ({ group }) => group, right: true },
  { title: 'card', of: ({ cardNumber }) => (cardNumber === 0 ? '' : cardNumber), right: true },
  { title: 'password', of: ({ password }) => (password === '' ? '' : 'set') },
]

async function people(scene: Scene, rest: string): Promise<void> {
  const wanted = rest.trim()
  const terminal = await connected(scene)
  const { people: all } = await withBar(scene, ({ onProgress }) =>
    terminal.readPeople({ signal: scene.running.signal, onProgress }),
  )
  const isWanted = ({ pin, name }: Person): boolean =>
    wanted === '' ||
    wanted === 'all' ||
    pin.includes(wanted) ||
    name.toLowerCase().includes(wanted.toLowerCase())
  const found = all.filter(isWanted)
  const most = wanted === 'all' ? found.length : PEOPLE_SHOWN
  scene.out.result(
    found.map(({ password, raw: _raw, nameBytes: _bytes, ...person }) => ({
      ...person,
      hasPassword: password !== '',
    })),
    [
      ...tableLines(found, PEOPLE_COLUMNS, { most, bold: scene.out.bold }),
      scene.out.dim(`${found.length} of ${all.length} people`),
    ],
  )
}

const PUNCH_COLUMNS: readonly Column<PunchFacts>[] = [
  { title: 'record', of: ({ index }) => index, right: true },
  { title: 'time', of: ({ wallTime }) => wallTime.replace('T', ' ') },
  { title: 'person', of: ({ logNumber }) => logNumber },
  { title: 'state', of: ({ state, denied }) => (denied ? 'denied' : punchStateName(state)) },
  {
    title: 'verified by',
    of: ({ verifyMode }) => (verifyMode === NO_VERIFY_MODE ? '' : verifyModeName(verifyMode)),
  },
  { title: 'work code', of: ({ workCode }) => (workCode === 0 ? undefined : workCode), right: true },
]

/** The last punches, or those of one person. Only these are kept while the log is read. */
async function log(scene: Scene, rest: string): Promise<void> {
  const [first = '', pin] = rest.trim().split(/\s+/u)
  const most = first === '' ? PUNCHES_SHOWN : wholeNumber(first, '.log [N] [PIN]', MOST_PUNCHES)
  const terminal = await connected(scene)
  const { signal } = scene.running
  let kept: PunchFacts[] = []
  let count = 0
  await withBar(scene, async ({ onProgress }) => {
    const choice = pin === undefined ? {} : { pins: [pin] }
    const read = terminal.readAttendance({ signal, onProgress, denied: 'mark', ...choice })
    for await (const { punches } of read) {
      count += punches.length
      kept.push(...punches.slice(-most).map((punch) => punch.toJSON()))
      if (kept.length > most) kept = kept.slice(-most)
    }
  })
  const before = count - kept.length
  scene.out.result(kept, [
    ...(before > 0 ? [scene.out.dim(`… ${before} before these`)] : []),
    ...tableLines(kept, PUNCH_COLUMNS, { most, bold: scene.out.bold }),
    scene.out.dim(`${kept.length} of ${count} punches`),
  ])
}

async function live(scene: Scene, rest: string): Promise<void> {
  const seconds =
    rest.trim() === '' ? undefined : wholeNumber(rest.trim(), '.live [SECONDS]', LONGEST_LIVE_SECONDS)
  const terminal = await connected(scene)
  const ends = seconds === undefined ? undefined : AbortSignal.timeout(seconds * 1_000)
  const { signal } = scene.running
  if (seconds === undefined) scene.out.note(scene.out.dim('What happens at the terminal; Ctrl-C ends it.'))
  try {
    const both = ends === undefined ? signal : AbortSignal.any([signal, ends])
    for await (const notice of terminal.liveEvents({ signal: both }))
      scene.out.result(liveValue(notice), [liveLine(notice)])
  } catch (error) {
    // Told to end: that is how it ends.
    if (!signal.aborted && ends?.aborted !== true) throw error
  }
}

function liveLine(notice: LiveNotice): string {
  if (notice.type === 'missed') return `… ${notice.count} events were missed`
  return [`${notice.name}:`, ...liveFacts(notice).map(factText)].join(' ')
}

function liveValue(notice: LiveNotice): object {
  if (notice.type === 'missed') return notice
  const { raw, ...facts } = notice
  return { ...facts, dataBytes: raw.length }
}

async function door(scene: Scene, rest: string): Promise<void> {
  const [verb = '', seconds] = rest.trim().split(/\s+/u)
  const { signal } = scene.running
  if (verb === '') {
    const terminal = await connected(scene)
    const state = await terminal.door.readState({ signal })
    scene.out.result({ state }, [
      `The door is ${state === 'unknown' ? 'in a state that the terminal does not tell' : state}.`,
    ])
    return
  }
  if (verb !== 'unlock') throw new DotUsageError('.door, or .door unlock [SECONDS]')
  const openFor =
    seconds === undefined ? 3 : wholeNumber(seconds, '.door unlock [SECONDS]', LONGEST_UNLOCK_SECONDS)
  await scene.confirm(`${DANGEROUS_CALLS.get('door.unlock') ?? 'opens the door'} for ${openFor} seconds`)
  const terminal = await connected(scene)
  await terminal.door.unlock(openFor, { signal })
  scene.out.result({ unlockedSeconds: openFor }, [`The door was unlocked for ${openFor} seconds.`])
}

/** The terminal's clock beside this machine's. */
async function time(scene: Scene): Promise<void> {
  const terminal = await connected(scene)
  const shows = formatWallTime(await terminal.readTime({ signal: scene.running.signal }))
  const here = localWallTime(new Date())
  const seconds = Math.round((asUtc(shows) - asUtc(here)) / 1_000)
  const differs = seconds === 0 ? 'the same' : `${Math.abs(seconds)} s ${seconds > 0 ? 'fast' : 'slow'}`
  scene.out.result(
    { terminal: shows, here, differenceSeconds: seconds },
    pairLines([
      ['terminal', shows.replace('T', ' ')],
      ['here', here.replace('T', ' ')],
      ['difference', differs],
    ]),
  )
}

function localWallTime(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

function asUtc(wallTime: string): number {
  const { year, month, day, hour, minute, second } = parseWallTime(wallTime)
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

async function trace(scene: Scene, rest: string): Promise<void> {
  const wanted = rest.trim()
  if (wanted !== 'on' && wanted !== 'off' && wanted !== '')
    throw new DotUsageError('.trace on, or .trace off')
  if (wanted !== '') scene.trace.turn(wanted === 'on')
  const { isOn } = scene.trace
  scene.out.result({ trace: isOn }, [isOn ? 'Every packet is shown.' : 'Packets are not shown.'])
}

async function raw(scene: Scene, rest: string): Promise<void> {
  const request = parseRaw(rest)
  const danger = dangerOfCommand(request.code)
  if (danger !== undefined) await scene.confirm(danger)
  const terminal = await connected(scene)
  const answer = await terminal.send(request.code, request.data, { signal: scene.running.signal })
  const shown = rawShown(request, answer, scene.nameEncoding)
  const fields = Object.fromEntries(shown.facts.map(({ name, value }) => [name, value]))
  scene.out.result({ ...shown, facts: undefined, fields, remark: shown.remark ?? null }, [
    [
      `${shown.name} (${shown.code})`,
      `session field ${shown.sessionField}`,
      ...shown.facts.map(factText),
      ...(shown.remark === undefined ? [] : [`(${shown.remark})`]),
    ].join(' '),
    ...(shown.dataBytes > 0 ? [`  ${shown.data} (${shown.dataBytes} bytes)`] : []),
  ])
}

async function reconnect(scene: Scene): Promise<void> {
  const terminal = await scene.link.renew(scene.running.signal)
  scene.out.result({ transport: terminal.transport }, [`Connected over ${terminal.transport.toUpperCase()}.`])
}

async function help(scene: Scene, rest: string): Promise<void> {
  const lines = helpFor(rest, scene.members, DOT_COMMANDS)
  scene.out.result(lines, lines)
}

/** All of them, in the order of the help. */
export const DOT_COMMANDS: readonly DotCommand[] = [
  { name: 'info', usage: '', about: 'who the terminal is, what it holds, its clock', run: info },
  {
    name: 'people',
    usage: '[TEXT|all]',
    about: 'who is on it; only those with this in pin or name',
    run: people,
  },
  { name: 'log', usage: '[N] [PIN]', about: 'the last N punches (20), or those of one person', run: log },
  { name: 'live', usage: '[SECONDS]', about: 'what happens at the terminal, as it happens', run: live },
  {
    name: 'door',
    usage: '[unlock [SECONDS]]',
    about: 'whether the door is open; unlocks it for some seconds (3)',
    run: door,
  },
  { name: 'time', usage: '', about: 'its clock beside that of this machine', run: time },
  {
    name: 'trace',
    usage: '[on|off]',
    about: 'shows every packet by name and field, with its bytes',
    run: trace,
  },
  {
    name: 'raw',
    usage: 'COMMAND [HEX]',
    about: 'sends a command by name or number, and decodes the answer',
    run: raw,
  },
  { name: 'reconnect', usage: '', about: 'ends the connection and makes another', run: reconnect },
  {
    name: 'help',
    usage: '[NAME]',
    about: 'this list, or what one name means: .help device.people',
    run: help,
  },
]

function wholeNumber(text: string, usage: string, most: number): number {
  if (/^\d{1,9}$/u.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text)
  throw new DotUsageError(`${usage}: expected a whole number from 1 to ${most}`)
}

async function withBar<T>({ showsProgress }: Scene, act: (bar: ProgressBar) => Promise<T>): Promise<T> {
  const bar = new ProgressBar(showsProgress)
  try {
    return await act(bar)
  } finally {
    bar.end()
  }
}
