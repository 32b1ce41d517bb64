// `.help`: the commands, the parts of `device`, or one method with all that its comment says.
import { COMMANDS } from '@org/zk-proto/wire'
import { entryLines } from '../by-hand/options.ts'
import type { DotCommand } from './dot-commands.ts'
import type { Facet, Member, TerminalMembers } from './methods.ts'

const COMMAND_COLUMNS = 28
const CALL_COLUMNS = 34

/** The help about a name: nothing, `log` or `.log`, `device`, `device.people`, `device.people.add`, `raw`. */
export function helpFor(
  about: string,
  { own, facets }: TerminalMembers,
  commands: readonly DotCommand[],
): string[] {
  const name = about.trim().replace(/\(.*$/u, '')
  if (name === '') return overview(facets, commands)
  if (name === 'device') return deviceHelp(own, facets)
  const path = name.replace(/^device\./u, '')
  const facet = facets.find((one) => one.name === path)
  if (facet !== undefined)
    return [`device.${facet.name}: ${facet.about}`, '', ...facet.members.flatMap(memberLines)]
  const member = [...own, ...facets.flatMap((one) => one.members)].find((one) => one.path === path)
  if (member !== undefined) return [spelledCall(member), ...entryLines('', member.text, 0)]
  const command = commands.find((one) => one.name === name.replace(/^\./u, ''))
  if (command?.name === 'raw') return [...commandLines(command), '', 'Commands:', ...rawNames()]
  if (command !== undefined) return commandLines(command)
  return unknown(name, own, facets)
}

function overview(facets: readonly Facet[], commands: readonly DotCommand[]): string[] {
  return [
    'Commands:',
    ...commands.flatMap(commandLines),
    ...entryLines('.exit', 'leaves; Ctrl-D does too', COMMAND_COLUMNS),
    '',
    'device is the connected terminal; its methods are awaited: await device.info()',
    ...entryLines('device', 'reading, live events, and what stands in no group', COMMAND_COLUMNS),
    ...facets.flatMap(({ name, about }) => entryLines(`device.${name}`, about, COMMAND_COLUMNS)),
    '',
    'Ctrl-C aborts what runs. Tab completes. zk is @org/zk-proto, wire is @org/zk-proto/wire.',
  ]
}

function deviceHelp(own: readonly Member[], facets: readonly Facet[]): string[] {
  return [
    ...own.flatMap(memberLines),
    ...facets.flatMap(({ name, about }) => entryLines(`device.${name}`, about, CALL_COLUMNS)),
  ]
}

function commandLines({ name, usage, about }: DotCommand): string[] {
  return entryLines(`.${name} ${usage}`.trimEnd(), about, COMMAND_COLUMNS)
}

function memberLines(member: Member): string[] {
  return entryLines(spelledCall(member), member.about, CALL_COLUMNS)
}

function spelledCall({ path, kind, parameters }: Member): string {
  return `device.${path}${kind === 'fact' ? '' : `(${parameters})`}`
}

function rawNames(): string[] {
  const names = COMMANDS.map(({ name, code }) => `${name} ${code}`)
  return entryLines('', names.join(', '), 0)
}

function unknown(name: string, own: readonly Member[], facets: readonly Facet[]): string[] {
  const last = name.split('.').at(-1)?.toLowerCase() ?? ''
  const close = [...own, ...facets.flatMap((facet) => facet.members)].filter(({ path }) =>
    path.toLowerCase().includes(last),
  )
  if (last === '' || close.length === 0)
    return [`There is no help about ${JSON.stringify(name.slice(0, 60))}; .help lists what there is.`]
  return ['Perhaps one of these:', ...close.flatMap(memberLines)]
}
