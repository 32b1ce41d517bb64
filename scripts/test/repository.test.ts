// What stands around the code for whoever comes to the repository: its forms ask for what a report needs and are forms that GitHub
// takes, its licence is one, its editor settings are read.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { COMMANDS } from '../zk/commands.ts'
import { readArguments } from '../zk/read-arguments.ts'

const root = new URL('../..', import.meta.url).pathname
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const forms = globSync('.github/ISSUE_TEMPLATE/*.yml', { cwd: root })
  .filter((path) => !path.endsWith('config.yml'))
  .toSorted()

interface Form {
  readonly name: string
  readonly description: string
  readonly labels?: readonly string[]
  readonly body: readonly Question[]
}

interface Question {
  readonly type: string
  readonly id?: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly validations?: { readonly required?: boolean }
}

/** What GitHub's forms know, and what each needs. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  markdown: ['value'],
  input: ['label'],
  textarea: ['label'],
  dropdown: ['label', 'options'],
  checkboxes: ['label', 'options'],
}

describe('the forms for issues', () => {
  it('are a bug, a device and a wish', () => {
    expect(forms.map((path) => path.split('/').at(-1))).toEqual([
      'bug-report.yml',
      'device-report.yml',
      'feature-request.yml',
    ])
  })

  it.each(forms)('%s is a form that GitHub takes', (path) => {
    const { name, description, body } = parse(read(path)) as Form
    expect([name.length > 3, description.length > 10]).toEqual([true, true])
    for (const { type, attributes } of body)
      for (const attribute of NEEDED[type] ?? ['there is no such type'])
        expect({ type, attribute, is: attributes[attribute] }).toEqual({
          type,
          attribute,
          is: expect.anything(),
        })
    const questions = body.filter(({ type }) => type !== 'markdown')
    const ids = questions.map(({ id }) => id)
    expect(ids.every((id) => /^[a-z_-]+$/.test(id ?? ''))).toBe(true)
    expect(new Set(ids).size).toBe(ids.length)
    expect(questions.some(({ validations }) => validations?.required === true)).toBe(true)
  })

  it('ask of a bug what the doctor says and what went over the wire, without what nobody should see', () => {
    expect(read('.github/ISSUE_TEMPLATE/bug-report.yml')).toMatch(/doctor[\s\S]*zk-trace -- --redact/)
    expect(read('.github/ISSUE_TEMPLATE/device-report.yml')).toMatch(/doctor[\s\S]*zk-trace -- --redact/)
  })

  it.each(forms)('%s has lines for the command line that can be typed', (path) => {
    const lines = [...read(path).matchAll(/`npm run zk -- ([^`]+)`/g)].map(([, line = '']) => line.split(' '))
    for (const line of lines) expect(readArguments(line, COMMANDS)).toMatchObject({ kind: 'run' })
  })

  it('ask about a terminal only whoever has one', () => {
    const { body } = parse(read('.github/ISSUE_TEMPLATE/bug-report.yml')) as Form
    const needed = body.filter(({ validations }) => validations?.required === true).map(({ id }) => id)
    expect(needed).toEqual(['happened', 'steps', 'version'])
  })

  it('send holes elsewhere', () => {
    const { contact_links: links } = parse(read('.github/ISSUE_TEMPLATE/config.yml')) as {
      contact_links: readonly { name: string; url: string; about: string }[]
    }
    expect(links).toHaveLength(1)
    for (const { url, about } of links)
      expect([URL.canParse(url), about.includes('SECURITY.md')]).toEqual([true, true])
  })
})

describe('the licence', () => {
  const packages = ['package.json', ...globSync('packages/*/package.json', { cwd: root })]
  const terms = (path: string): string => read(path).replace(/^Copyright .*$/m, '')

  it('is MIT in every package, and its text stands at the root and in what is published', () => {
    expect(packages).toHaveLength(7)
    for (const path of packages)
      expect({ path, license: (JSON.parse(read(path)) as { license?: string }).license }).toEqual({
        path,
        license: 'MIT',
      })
    const published = globSync('packages/*/LICENSE', { cwd: root })
    expect(published).toHaveLength(2)
    expect(read('LICENSE')).toMatch(/^MIT License\n\nCopyright \(c\) \d{4} /)
    for (const path of published) expect(terms(path)).toBe(terms('LICENSE'))
  })
})

describe('the editor settings', () => {
  it('are JSON that recommends what formats and lints here, and uses it', () => {
    const { recommendations } = JSON.parse(read('.vscode/extensions.json')) as { recommendations: string[] }
    const settings = JSON.parse(read('.vscode/settings.json')) as Record<string, unknown>
    expect(recommendations).toContain('oxc.oxc-vscode')
    expect(settings['editor.defaultFormatter']).toBe('oxc.oxc-vscode')
  })

  it('say in .editorconfig what the formatter does', () => {
    const { printWidth } = JSON.parse(read('.oxfmtrc.json')) as { printWidth: number }
    const lines = read('.editorconfig').split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'root = true',
        'indent_size = 2',
        'end_of_line = lf',
        `max_line_length = ${printWidth}`,
      ]),
    )
  })
})

describe('the changelog', () => {
  it('is in the form of Keep a Changelog, newest first', () => {
    const headings = [...read('CHANGELOG.md').matchAll(/^## \[(.+?)\](.*)$/gm)].map(
      ([, name, rest]) => `${name}${rest}`,
    )
    expect(headings[0]).toBe('Unreleased')
    for (const heading of headings.slice(1)) expect(heading).toMatch(/^\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d$/)
    const kinds = [...read('CHANGELOG.md').matchAll(/^### (.+)$/gm)].map(([, kind]) => kind)
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']
    expect(kinds.filter((kind) => !known.includes(kind ?? ''))).toEqual([])
  })
})
