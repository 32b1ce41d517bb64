// `npm run seed-coverage`: runs the contract tests in both modes and writes docs/seed-coverage.md, the table of the seed
// document's statements with their results. Exit code 1 where a statement that can be tested does not hold.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatted } from './docs/pages.ts'
import { coveragePage, isGreen } from './seed/page.ts'
import { runNamedTests } from './seed/results.ts'
import { readStatements } from './seed/statements.ts'
import { namedTests } from './seed/titles.ts'
import { startTestServers } from './toolchain/servers.ts'

const PAGE = 'docs/seed-coverage.md'
const root = new URL('..', import.meta.url).pathname

const servers = await startTestServers((line) => console.log(line))
try {
  for (const { name, url } of servers)
    process.env[name === 'MariaDB' ? 'TEST_DATABASE_URL' : 'TEST_REDIS_URL'] = url
  const statements = readStatements(root)
  const tests = namedTests(root)
  const files = [...new Set([...tests.values()].flat().map(({ file }) => file))]
  const results = runNamedTests(root, files)
  writeFileSync(join(root, PAGE), await formatted(root, PAGE, coveragePage({ statements, tests, results })))
  const open = statements.filter(({ id, kind }) => kind !== 'D' && !isGreen(results.get(id)))
  for (const { id, text } of open) console.log(`not shown: ${id} ${text}`)
  console.log(`${PAGE}: ${statements.length - open.length} of ${statements.length}`)
  process.exitCode = open.length === 0 ? 0 : 1
} finally {
  await Promise.all(servers.map((server) => server.stop()))
}
