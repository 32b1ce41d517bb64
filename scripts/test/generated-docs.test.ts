// The generated documentation stands beside the declarations it is made of, says something of every one, and the table of
// errors names every effect with which an error is thrown.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMANDS, ZK_ERRORS } from '@org/zk-proto/wire'
import type { ZkErrorEntry, ZkErrorFamily } from '@org/zk-proto/wire'
import { parseSync, Visitor } from 'oxc-parser'
import type { Argument, Expression } from 'oxc-parser'
import { describe, expect, it } from 'vitest'
import { readDeclarations } from '../docs/declared-text.ts'
import { anchor, SourceLinks } from '../docs/markdown.ts'
import { generatedPages } from '../docs/pages.ts'
import { reachableLayouts } from '../docs/records-page.ts'

const root = new URL('../..', import.meta.url).pathname
const src = join(root, 'packages/zk-proto/src')
const declarations = readDeclarations(src)
const pages = await generatedPages(root)

describe('the generated documentation', () => {
  it.each(pages)('$path is what `npm run docs` writes', ({ path, text }) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text)
  })

  it('has a chapter for every command and every layout that is declared', () => {
    const text = pages.map((page) => page.text).join('\n')
    for (const { name } of COMMANDS) expect(text).toContain(`### ${name}\n`)
    expect([...declarations.commands.keys()].toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted())
    const layouts = globSync('**/*.ts', { cwd: src }).flatMap((path) =>
      [...readFileSync(join(src, path), 'utf8').matchAll(/\blayout\(\s*'([^']+)'/g)].map(([, name]) => name),
    )
    expect(layouts.length).toBeGreaterThan(50)
    expect(layouts.filter((name) => name !== undefined && !reachableLayouts().has(name))).toEqual([])
  })

  it('links to chapters and captures that exist', () => {
    const links = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => ({ path, target })),
    )
    expect(links.length).toBeGreaterThan(300)
    expect(links.filter((link) => !leadsSomewhere(link))).toEqual([])
  })

  it('is refused a source that leads nowhere', () => {
    const links = new SourceLinks(join(root, 'docs/protocol/reference.md'))
    expect(() => links.linked('docs/protocol §99.9')).toThrow('no chapter 99.9')
  })
})

describe('the table of errors', () => {
  it('names every effect with which an error is thrown', () => {
    const table: Readonly<Record<string, ZkErrorEntry>> = ZK_ERRORS
    const thrown = globSync('**/*.ts', { cwd: src }).flatMap((path) => thrownIn(join(src, path)))
    expect(thrown.length).toBeGreaterThan(80)
    for (const { code, effect, where } of thrown) {
      expect(table[code]?.effects, `${where} throws ${code}`).toContain(effect)
    }
  })
})

const anchorsOf = new Map<string, readonly string[]>()

function leadsSomewhere({ path, target }: { readonly path: string; readonly target: string }): boolean {
  const [file = '', fragment] = target.split('#')
  const linked = file === '' ? join(root, path) : join(root, path, '..', file)
  if (!existsSync(linked)) return false
  let anchors = anchorsOf.get(linked)
  if (anchors === undefined) {
    const headings = readFileSync(linked, 'utf8').matchAll(/^#+ (.+)$/gm)
    anchors = [...headings].map(([, heading = '']) => anchor(heading))
    anchorsOf.set(linked, anchors)
  }
  return fragment === undefined || anchors.includes(fragment)
}

interface Thrown {
  readonly code: string
  readonly effect: string
  readonly where: string
}

const FAMILY_EFFECTS: Readonly<Record<ZkErrorFamily, string>> = {
  usage: 'none',
  transport: 'unknown',
  protocol: 'unknown',
  refused: 'refused',
}

/** The errors that a file makes whose code is spelled there, with the effect that is spelled or is their family's. */
function thrownIn(file: string): Thrown[] {
  const thrown: Thrown[] = []
  new Visitor({
    NewExpression({ callee, arguments: given, start }) {
      const family = callee.type === 'Identifier' ? /^Zk(.+)Error$/.exec(callee.name)?.[1] : undefined
      const [code, , options] = given
      if (family === undefined || code?.type !== 'Literal') return
      const spelled = effectIn(options)
      const effects = spelled ?? [FAMILY_EFFECTS[family.toLowerCase() as ZkErrorFamily]]
      for (const effect of effects)
        thrown.push({ code: String(code.value), effect, where: `${file}:${start}` })
    },
  }).visit(parseSync(file, readFileSync(file, 'utf8')).program)
  return thrown
}

/** The effects that an error's options can hold as far as they are spelled there; undefined where they name none. */
function effectIn(options: Argument | undefined): string[] | undefined {
  if (options === undefined) return undefined
  if (options.type !== 'ObjectExpression') return []
  for (const property of options.properties) {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
    if (property.key.name === 'effect') return literalsIn(property.value)
  }
  return undefined
}

/** The texts that an expression can be; none for one that is computed. */
function literalsIn(value: Expression): string[] {
  if (value.type === 'Literal') return [String(value.value)]
  if (value.type === 'ConditionalExpression')
    return [...literalsIn(value.consequent), ...literalsIn(value.alternate)]
  return []
}
