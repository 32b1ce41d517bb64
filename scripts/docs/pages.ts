// The pages of documentation that are generated from declarations. scripts/generate-docs.ts writes them; a test compares.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'oxfmt'
import type { FormatConfig } from 'oxfmt'
import { clientTypes } from './client-types.ts'
import { codesPage } from './codes-page.ts'
import { commandsPage } from './commands-page.ts'
import { configurationPage } from './configuration-page.ts'
import { readDeclarations } from './declared-text.ts'
import { errorTables, errorsPage } from './errors-page.ts'
import { SourceLinks } from './markdown.ts'
import { metricsPage } from './metrics-page.ts'
import { optionsPage } from './options-page.ts'
import { recordsPage } from './records-page.ts'
import { serviceErrorsPage } from './service-errors-page.ts'

/** A generated file. */
export interface Page {
  /** From the project's root. */
  readonly path: string
  readonly text: string
}

const NOTE =
  '<!-- Generated from the declarations by scripts/generate-docs.ts; changes made here are lost. -->'

/** All generated pages, formatted as the project's files are. Throws when a declaration lacks words or a source. */
export async function generatedPages(root: string): Promise<readonly Page[]> {
  const declarations = readDeclarations(join(root, 'packages/zk-proto/src'))
  const links = new SourceLinks(join(root, 'docs/protocol/reference.md'))
  const readme = 'packages/zk-proto/README.md'
  const pages = [
    { path: 'docs/configuration.md', text: configurationPage() },
    { path: 'docs/errors.md', text: serviceErrorsPage() },
    { path: 'docs/metrics.md', text: metricsPage() },
    { path: 'docs/protocol/commands.md', text: commandsPage(declarations, links) },
    { path: 'docs/protocol/records.md', text: recordsPage(declarations, links) },
    { path: 'docs/protocol/codes.md', text: codesPage(declarations, links) },
    { path: 'docs/protocol/options.md', text: optionsPage() },
    { path: 'docs/protocol/errors.md', text: errorsPage() },
  ].map(({ path, text }) => ({ path, text: `${NOTE}\n\n${text}\n` }))
  pages.push({
    path: readme,
    text: withSection(readFileSync(join(root, readme), 'utf8'), 'errors', errorTables()),
  })
  pages.push({ path: 'packages/api/test/generated-client/api.d.ts', text: await clientTypes() })
  return Promise.all(pages.map(async ({ path, text }) => ({ path, text: await formatted(root, path, text) })))
}

/** A page formatted as the project's files are. Throws for what cannot be formatted. */
export async function formatted(root: string, path: string, text: string): Promise<string> {
  const { code, errors } = await format(path, text, formatSettings(root))
  const [first] = errors
  if (first !== undefined) throw new Error(`${path}: ${first.message}`)
  return code
}

/** A page in which the part between two marks is replaced. Throws when the marks are not there. */
function withSection(page: string, name: string, text: string): string {
  const [before, rest] = page.split(`<!-- ${name} -->`)
  const [, after] = rest?.split(`<!-- /${name} -->`) ?? []
  if (before === undefined || after === undefined) throw new Error(`the page has no marks of ${name}`)
  return `${before}<!-- ${name} -->\n\n${text}\n\n<!-- /${name} -->${after}`
}

/** How the project's files are formatted. */
function formatSettings(root: string): FormatConfig {
  const settings: unknown = JSON.parse(readFileSync(join(root, '.oxfmtrc.json'), 'utf8'))
  if (typeof settings !== 'object' || settings === null) throw new Error('.oxfmtrc.json is no object')
  const { $schema: _, ignorePatterns: __, ...rest }: Record<string, unknown> = { ...settings }
  return rest
}
