// `zk migrate` on both engines, from nothing, from an older schema, and on one that is newer than this version.
import { existsSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { EMBEDDED_ONLY, scratchDatabase } from '../../toolchain/scratch-database.ts'
import { scratchFolder } from '../../../packages/core/test/support/scratch-service.ts'
import { typed } from './support/typed.ts'

it('makes a SQLite database, only when it is told to', async () => {
  await using folder = await scratchFolder()
  const env = { DATA_DIR: folder.path }
  const file = `${folder.path}/service.db`
  expect(await typed(['migrate', '--status'], { env })).toEqual({
    code: 1,
    stdout: 'There is no database yet.\n',
    stderr: '',
  })
  expect(existsSync(file)).toBe(false)
  expect(await typed(['migrate'], { env })).toMatchObject({
    code: 0,
    stdout: 'The database was made and is up to date.\n',
  })
  expect(await typed(['migrate', '--status'], { env })).toMatchObject({
    code: 0,
    stdout: 'The database is up to date.\n',
  })
  expect((await typed(['migrate', '--json'], { env })).stdout).toBe(
    '{"database":"there","applied":[],"missing":[]}\n',
  )
})

it('names what is missing, does it, and refuses what a newer version has made', async () => {
  await using folder = await scratchFolder()
  const file = `${folder.path}/service.db`
  writeFileSync(file, '')
  const env = { DATABASE_URL: `sqlite:${file}`, DATA_DIR: folder.path }
  const missing = await typed(['migrate', '--status'], { env })
  expect(missing).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^Missing: (\d+)\n {2}0001-accounts\n( {2}\d{4}-[a-z-]+\n)+$/),
  })
  expect((await typed(['sync', '1'], { env })).stderr).toMatch(
    /the database lacks \d+ migrations; run pnpm zk migrate/,
  )
  expect((await typed(['migrate'], { env })).stdout).toBe(
    `${missing.stdout.replace('Missing', 'Done')}The database is up to date.\n`,
  )
  const database = new DatabaseSync(file)
  database.exec(`insert into schema_migrations (name, steps, applied_at) values ('9999-future', 1, null)`)
  database.close()
  for (const args of [['migrate'], ['migrate', '--status']])
    expect(await typed(args, { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('newer version'),
    })
})

it('says in one line that a file is no database', async () => {
  await using folder = await scratchFolder()
  const file = `${folder.path}/service.db`
  writeFileSync(file, 'a letter, and longer than the head of any database is, so that it is looked at')
  const env = { DATABASE_URL: `sqlite:${file}`, DATA_DIR: folder.path }
  for (const args of [['migrate'], ['migrate', '--status'], ['export'], ['sync', '1']])
    expect(await typed(args, { env })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^pnpm zk: .*file is not a database\n$/),
    })
})

it.skipIf(EMBEDDED_ONLY)(
  'brings a database of a server up to date, and says when there is none',
  async () => {
    await using server = await scratchDatabase()
    const env = { DATABASE_URL: server.url }
    const missing = await typed(['migrate', '--status', '--json'], { env })
    expect(missing.code).toBe(1)
    expect(JSON.parse(missing.stdout)).toMatchObject({ missing: expect.arrayContaining(['0001-accounts']) })
    expect((await typed(['migrate'], { env })).stdout).toContain('The database is up to date.')
    expect((await typed(['migrate', '--status'], { env })).code).toBe(0)
    const gone = await typed(['migrate'], {
      env: { DATABASE_URL: 'mysql://nobody:hunter2@127.0.0.1:1/none' },
    })
    expect(gone.code).toBe(1)
    expect(gone.stderr).toContain('see DATABASE_URL')
    expect(gone.stderr).not.toContain('hunter2')
  },
)
