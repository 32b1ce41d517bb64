// The seed document's statements, from the checklist that numbers them, and what answers those that no test can.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** `T` can be tested over HTTP, `D` by reading, `!` is a place where the seed contradicts itself. */
export type StatementKind = 'T' | 'D' | '!'

/** One numbered statement. */
export interface Statement {
  /** S-GEN-01 … */
  readonly id: string
  readonly kind: StatementKind
  /** Markdown, as the checklist has it. */
  readonly text: string
}

const CHECKLIST = 'packages/api/test/seed/SEED-CHECKLIST.md'
/** How many there are; a checklist that cannot be read whole is none. */
const STATEMENTS = 123

/** All statements in their order. Throws when the copy of the checklist is not whole. */
export function readStatements(root: string): Statement[] {
  const text = readFileSync(join(root, CHECKLIST), 'utf8')
  const found = [...text.matchAll(/^- (S-[A-Z]+-\d+) \[([TD!])\] (.+)$/gm)].flatMap(
    ([, id, kind, words]): Statement[] =>
      id !== undefined && words !== undefined && (kind === 'T' || kind === 'D' || kind === '!')
        ? [{ id, kind, text: words }]
        : [],
  )
  if (found.length !== STATEMENTS)
    throw new Error(`${CHECKLIST} has ${found.length} statements, not ${STATEMENTS}`)
  return found
}

/** Where what is to be read stands: for statements about documentation and configuration. Links as seen from docs/. */
export const READ_IN: Readonly<Record<string, string>> = {
  'S-GEN-01': 'name, version and description in `/openapi.json` and [package.json](../package.json)',
  'S-GEN-03': '[http-api.md](http-api.md)',
  'S-GEN-04': '[architecture.md](architecture.md)',
  'S-AUTH-13': '[security.md](security.md)',
  'S-SEC-01': '[security.md](security.md), `TLS_CERT` and `TLS_KEY` in [configuration.md](configuration.md)',
  'S-SEC-05': '[configuration.md](configuration.md)',
  'S-SEC-07': '[security.md](security.md)',
}

/** Statements that a later word of the user or of SPEC.md replaces; what stands instead is tested under the same id. */
export const REPLACED: Readonly<Record<string, string>> = {
  'S-AUTH-10':
    'argon2id instead of bcrypt (the user’s design card; SPEC.md, head); bcrypt hashes still log in once',
  'S-AUTH-11': 'stored as argon2id only (the user’s design card; SPEC.md, head)',
}
