// What the declarations of zk-proto say of themselves: the sentences and sources in their comments, read with a real parser.
// The generated documentation takes its words from here and its numbers from the declarations as they run.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'
import type { Argument, Comment, ObjectExpression, ObjectProperty, Program } from 'oxc-parser'

/** What stands beside one layout, command or codec. */
export interface DeclaredText {
  /** Its file below src, such as `records/person.ts`. */
  readonly file: string
  /** Its sentences, without the source; undefined when it has no comment of its own. */
  readonly about: string | undefined
  /** Where the facts come from; that of the file where the declaration names none. */
  readonly source: string | undefined
  /** What the comment behind a field says, by field. */
  readonly fieldNotes: ReadonlyMap<string, string>
}

/** All that the declarations say. */
export interface Declarations {
  /** By the name in `layout('…')`, or the `name` of another codec. */
  readonly codecs: ReadonlyMap<string, DeclaredText>
  /** By the `name` in `defineCommand`. */
  readonly commands: ReadonlyMap<string, DeclaredText>
  /** By a table's name and its key, such as `REPLIES.ACK_OK`: what the comment behind a row says. */
  readonly rows: ReadonlyMap<string, string>
  /** The head comment of each file, by its path below src. */
  readonly files: ReadonlyMap<string, string>
}

interface Source {
  readonly file: string
  readonly text: string
  readonly program: Program
  readonly comments: readonly Comment[]
}

/** Reads the comments of every file of a package's src. */
export function readDeclarations(src: string): Declarations {
  const codecs = new Map<string, DeclaredText>()
  const commands = new Map<string, DeclaredText>()
  const rows = new Map<string, string>()
  const files = new Map<string, string>()
  for (const file of globSync('**/*.ts', { cwd: src }).toSorted()) {
    const text = readFileSync(join(src, file), 'utf8')
    const { program, comments } = parseSync(file, text)
    const source = { file: file.replaceAll('\\', '/'), text, program, comments }
    files.set(source.file, headOf(source))
    readFile(source, { codecs, commands, rows })
  }
  return { codecs, commands, rows, files }
}

interface Found {
  readonly codecs: Map<string, DeclaredText>
  readonly commands: Map<string, DeclaredText>
  readonly rows: Map<string, string>
}

function readFile(source: Source, { codecs, commands, rows }: Found): void {
  const objects = objectsOf(source.program)
  for (const [name, object] of objects) {
    for (const [key, note] of notesOf(source, object, objects)) rows.set(`${name}.${key}`, note)
    const codecName = textOf(object, 'name')
    const isCodec = ['decode', 'encode'].every((key) => propertyOf(object, key) !== undefined)
    if (codecName !== undefined && isCodec) codecs.set(codecName, textAt(source, object.start, new Map()))
  }
  new Visitor({
    CallExpression({ callee, arguments: given, start }) {
      if (callee.type !== 'Identifier') return
      const [first, , fields] = given
      if (callee.name === 'layout' && first !== undefined) {
        const name = literal(first)
        if (name === undefined) return
        const object = objectOf(fields)
        const notes = object === undefined ? new Map<string, string>() : notesOf(source, object, objects)
        codecs.set(name, textAt(source, start, notes))
      }
      if (callee.name === 'defineCommand') {
        const object = objectOf(first)
        const name = object === undefined ? undefined : textOf(object, 'name')
        if (name !== undefined) commands.set(name, textAt(source, start, new Map()))
      }
    },
  }).visit(source.program)
}

/** The objects that top-level constants are, by the constants' names. */
function objectsOf(program: Program): Map<string, ObjectExpression> {
  const objects = new Map<string, ObjectExpression>()
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration?.type !== 'VariableDeclaration') continue
    for (const { id, init } of declaration.declarations) {
      const object = objectOf(init)
      if (id.type === 'Identifier' && object !== undefined) objects.set(id.name, object)
    }
  }
  return objects
}

function objectOf(node: Argument | null | undefined): ObjectExpression | undefined {
  if (node?.type === 'ObjectExpression') return node
  if (node?.type === 'TSAsExpression' || node?.type === 'TSSatisfiesExpression')
    return objectOf(node.expression)
  return undefined
}

function literal(node: Argument): string | undefined {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}

function propertyOf(object: ObjectExpression, name: string): ObjectProperty | undefined {
  return object.properties.find(
    (property): property is ObjectProperty =>
      property.type === 'Property' && property.key.type === 'Identifier' && property.key.name === name,
  )
}

function textOf(object: ObjectExpression, key: string): string | undefined {
  const value = propertyOf(object, key)?.value
  return value === undefined ? undefined : literal(value)
}

/** What the comments behind an object's properties say; those of an object that is spread into it too. */
function notesOf(
  source: Source,
  object: ObjectExpression,
  objects: ReadonlyMap<string, ObjectExpression>,
): Map<string, string> {
  const notes = new Map<string, string>()
  for (const property of object.properties) {
    if (property.type === 'SpreadElement') {
      const spread = property.argument.type === 'Identifier' ? objects.get(property.argument.name) : undefined
      if (spread !== undefined)
        for (const [key, note] of notesOf(source, spread, objects)) notes.set(key, note)
      continue
    }
    const { key } = property
    const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined
    const behind = source.comments.find(
      ({ type, start }) =>
        type === 'Line' &&
        start >= property.end &&
        /^[,)} \t]*$/.test(source.text.slice(property.end, start)),
    )
    if (name !== undefined && behind !== undefined) notes.set(name, behind.value.trim())
  }
  return notes
}

const SOURCE = /\s*\bSource: (.+?)\.?$/

/** What the comment before the top-level statement around a place says. */
function textAt(source: Source, at: number, fieldNotes: ReadonlyMap<string, string>): DeclaredText {
  const statement = source.program.body.find(({ start, end }) => start <= at && at < end)
  const before = source.comments.find(
    ({ type, end }) =>
      type === 'Block' &&
      statement !== undefined &&
      end <= statement.start &&
      source.text.slice(end, statement.start).trim() === '',
  )
  const said = before === undefined ? '' : paragraph(before.value.split('\n'))
  const about = said.replace(SOURCE, '')
  return {
    file: source.file,
    about: about === '' ? undefined : about,
    source: SOURCE.exec(said)?.[1] ?? SOURCE.exec(headOf(source))?.[1],
    fieldNotes,
  }
}

/** A file's head comment as one paragraph. */
function headOf({ comments, text }: Source): string {
  const lines: string[] = []
  let at = 0
  for (const { type, start, end, value } of comments) {
    if (type !== 'Line' || text.slice(at, start).trim() !== '') break
    lines.push(value)
    at = end
  }
  return paragraph(lines)
}

function paragraph(lines: readonly string[]): string {
  return lines
    .map((line) => line.replace(/^\s*\*?\s?/, '').trim())
    .filter((line) => line !== '')
    .join(' ')
}
