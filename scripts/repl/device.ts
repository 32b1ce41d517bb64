// `device`: everything a Terminal can do, by the same names. Each call connects first where there is no connection, asks before
// what is dangerous, can be aborted with Ctrl-C and shows a bar while it takes long.
import { inspect } from 'node:util'
import type { Terminal } from '@org/zk-proto'
import { dangerOfCall } from './danger.ts'
import type { Link } from './link.ts'
import type { Facet, Member, TerminalMembers } from './methods.ts'
import { ProgressBar } from './progress.ts'
import type { Running } from './running.ts'

/** What `device` needs. */
export interface DeviceParts {
  readonly link: Link
  readonly running: Running
  readonly members: TerminalMembers
  /** Resolves when it was agreed to; throws NotConfirmedError. */
  readonly confirm: (danger: string) => Promise<void>
  /** Whether somebody looks. */
  readonly showsProgress: boolean
}

/** Calls that end the connection as they should. */
const ENDS_CONNECTION: ReadonlySet<string> = new Set(['power.restart', 'power.off', 'close'])

/** Makes `device`. */
export function makeDevice(parts: DeviceParts): object {
  const { own, facets } = parts.members
  const device = {}
  for (const facet of facets)
    Object.defineProperty(device, facet.name, { value: facetObject(facet, parts), enumerable: true })
  addMembers(device, own, parts)
  const text = [...facets.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`), ...own.map(callLine)]
  return described(device, ['device, the connected terminal; .help device for more', ...text])
}

function facetObject(facet: Facet, parts: DeviceParts): object {
  const object = {}
  addMembers(object, facet.members, parts)
  return described(object, [`device.${facet.name}: ${facet.about}`, ...facet.members.map(callLine)])
}

function callLine({ path, kind, parameters, about }: Member): string {
  const call = kind === 'fact' ? path : `${path}(${parameters})`
  return `  ${call.padEnd(12)} ${about}`
}

/** What is shown of an object that holds calls: what they do. */
function described(object: object, lines: readonly string[]): object {
  Object.defineProperty(object, inspect.custom, { value: () => lines.join('\n') })
  return object
}

function addMembers(object: object, members: readonly Member[], parts: DeviceParts): void {
  for (const member of members) {
    const name = member.path.split('.').at(-1) ?? member.path
    const property =
      member.kind === 'fact'
        ? { get: (): unknown => factOf(parts.link.terminal, member) }
        : { value: callable(member, parts) }
    Object.defineProperty(object, name, { ...property, enumerable: true })
  }
}

/** Without a connection there is nothing but that. */
function factOf(terminal: Terminal | undefined, { path }: Member): unknown {
  if (terminal === undefined) return path === 'closed' ? true : undefined
  return Reflect.get(terminal, path)
}

function callable(member: Member, parts: DeviceParts): unknown {
  const call =
    member.kind === 'stream'
      ? (...args: unknown[]) => begin(member, parts, args)
      : (...args: unknown[]) => parts.running.during(() => perform(member, parts, args))
  const shown = `device.${member.path}(${member.parameters}): ${member.about}`
  Object.defineProperty(call, inspect.custom, { value: () => shown })
  return call
}

async function perform(member: Member, parts: DeviceParts, args: readonly unknown[]): Promise<unknown> {
  const { link, running, confirm, showsProgress } = parts
  const { signal } = running
  const danger = dangerOfCall(member.path, args)
  if (danger !== undefined) await confirm(danger)
  const terminal = await link.ready(signal)
  const bar = new ProgressBar(showsProgress)
  const act = (): Promise<unknown> =>
    Promise.resolve(
      invoke(terminal, member, withOptions(member, args, { signal, onProgress: bar.onProgress })),
    )
  try {
    return await (ENDS_CONNECTION.has(member.path) ? link.expectingEnd(act) : act())
  } finally {
    bar.end()
  }
}

/** A read that is iterated begins at once, so the connection must be there. */
function begin(member: Member, { link, running }: DeviceParts, args: readonly unknown[]): unknown {
  const { terminal } = link
  if (terminal === undefined)
    throw new Error('There is no connection now: `.reconnect` makes one, and so does `await device.ping()`')
  return invoke(terminal, member, withOptions(member, args, { signal: running.signal }))
}

/** The options of the call, with the signal and the bar unless it brings its own. */
function withOptions(member: Member, args: readonly unknown[], added: object): unknown[] {
  const { optionsAt } = member
  if (optionsAt === undefined) return [...args]
  const given = args[optionsAt]
  if (given !== undefined && (typeof given !== 'object' || given === null)) return [...args]
  const all = [...args]
  // What stands before the options and was left out is left to its default.
  while (all.length < optionsAt) all.push(undefined)
  all[optionsAt] = { ...added, ...given }
  return all
}

function invoke(terminal: Terminal, { path }: Member, args: readonly unknown[]): unknown {
  const names = path.split('.')
  const name = names.pop() ?? path
  let owner: unknown = terminal
  for (const facet of names) owner = isObject(owner) ? Reflect.get(owner, facet) : undefined
  const method: unknown = isObject(owner) ? Reflect.get(owner, name) : undefined
  if (typeof method !== 'function') throw new TypeError(`a Terminal has no ${path}`)
  return Reflect.apply(method, owner, args)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
