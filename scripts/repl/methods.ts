// What a Terminal can do, read from its own source: each method with its parameters and what its comment says. So help,
// completion and the REPL's `device` know every method, and nothing is written down twice.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import type { Class, ClassElement, Comment, MethodDefinition, ParamPattern } from 'oxc-parser'

const SOURCE = new URL('../../packages/zk-proto/src/', import.meta.url).pathname

/** A method or an accessor. */
export interface Member {
  /** As it is called on `device`: `info`, `people.list`. */
  readonly path: string
  /** `call` gives a promise, `stream` is iterated, `fact` is read without a call. */
  readonly kind: 'call' | 'stream' | 'fact'
  /** As written, without types: `seconds, options`. */
  readonly parameters: string
  /** Which of them takes a signal and a deadline; undefined where none does. */
  readonly optionsAt: number | undefined
  /** The first sentence of its comment. */
  readonly about: string
  /** The whole comment. */
  readonly text: string
}

/** A group of methods, such as `people`. */
export interface Facet {
  readonly name: string
  readonly about: string
  readonly members: readonly Member[]
}

/** All of a Terminal. */
export interface TerminalMembers {
  readonly own: readonly Member[]
  readonly facets: readonly Facet[]
}

interface Source {
  readonly text: string
  readonly comments: readonly Comment[]
  readonly declared: Class
  /** Where the class's own comment ends: before `export`. */
  readonly start: number
}

/** Reads the sources of the library. */
export function readMembers(): TerminalMembers {
  const classes = new Map<string, Source>()
  for (const file of globSync('terminal*.ts', { cwd: SOURCE }).toSorted()) {
    const text = readFileSync(join(SOURCE, file), 'utf8')
    const { program, comments } = parseSync(file, text)
    for (const statement of program.body) {
      if (statement.type !== 'ExportNamedDeclaration') continue
      const { declaration } = statement
      if (declaration?.type === 'ClassDeclaration' && declaration.id !== null)
        classes.set(declaration.id.name, { text, comments, declared: declaration, start: statement.start })
    }
  }
  const terminal = classes.get('Terminal')
  if (terminal === undefined) throw new TypeError('the library declares a class Terminal')
  const facets = terminal.declared.body.body.flatMap((element) => {
    const name = facetName(element)
    const source = name === undefined ? undefined : classes.get(name.type)
    return name === undefined || source === undefined ? [] : [facetOf(name.name, source, terminal, element)]
  })
  return { own: membersOf(terminal, ''), facets }
}

/** A property such as `readonly people: TerminalPeople`. */
function facetName(element: ClassElement): { readonly name: string; readonly type: string } | undefined {
  if (element.type !== 'PropertyDefinition' || element.key.type !== 'Identifier') return undefined
  const type = element.typeAnnotation?.typeAnnotation
  if (type?.type !== 'TSTypeReference' || type.typeName.type !== 'Identifier') return undefined
  return { name: element.key.name, type: type.typeName.name }
}

/** What the property says of itself, or else its class. */
function facetOf(name: string, source: Source, terminal: Source, property: ClassElement): Facet {
  const about = commentBefore(terminal, property.start) ?? commentBefore(source, source.start) ?? ''
  return { name, about: firstSentence(about), members: membersOf(source, `${name}.`) }
}

function membersOf(source: Source, prefix: string): Member[] {
  return source.declared.body.body.flatMap((element) => {
    if (element.type !== 'MethodDefinition' || element.key.type !== 'Identifier') return []
    if (element.kind !== 'method' && element.kind !== 'get') return []
    const text = commentBefore(source, element.start) ?? ''
    const parameters = element.value.params.map(parameterName)
    const optionsAt = parameters.indexOf('options')
    return [
      {
        path: `${prefix}${element.key.name}`,
        kind: kindOf(element),
        parameters: parameters.join(', '),
        optionsAt: optionsAt === -1 ? undefined : optionsAt,
        about: firstSentence(text),
        text,
      },
    ]
  })
}

function kindOf({ kind, value }: MethodDefinition): Member['kind'] {
  if (kind === 'get') return 'fact'
  const type = value.returnType?.typeAnnotation
  const isPromise =
    type?.type === 'TSTypeReference' &&
    type.typeName.type === 'Identifier' &&
    type.typeName.name === 'Promise'
  return isPromise ? 'call' : 'stream'
}

function parameterName(parameter: ParamPattern): string {
  if (parameter.type === 'Identifier') return parameter.name
  if (parameter.type === 'AssignmentPattern') return parameterName(parameter.left)
  return '…'
}

/** The text of the comment that stands directly before something. */
function commentBefore({ comments, text }: Source, start: number): string | undefined {
  const comment = comments.findLast(({ end }) => end <= start)
  if (comment?.type !== 'Block' || text.slice(comment.end, start).trim() !== '') return undefined
  const lines = comment.value.split('\n').map((line) => line.replace(/^\s*\*+ ?/u, '').trim())
  return lines.join(' ').trim()
}

/** Up to the end of the first sentence, without its point. */
function firstSentence(text: string): string {
  return (/^(.*?)\.(?:\s|$)/u.exec(text)?.[1] ?? text).trim()
}
