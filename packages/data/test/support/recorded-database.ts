// A database whose repositories are the real ones and whose statements are written down, so that they can be explained: whoever adds
// a list need not repeat its SQL here.
import { CompiledQuery, Kysely } from 'kysely'
import { MysqlDriver, mysqlDialect } from '../../src/driver-mysql.ts'
import { openSqlite, sqliteDialect } from '../../src/driver-sqlite.ts'
import { repositoriesOf } from '../../src/open-database.ts'
import { parseDatabaseUrl } from '../../src/parse-database-url.ts'
import type { Schema } from '../../src/schema.ts'
import type { Scope } from '../../src/scope.ts'

/** A statement as it was sent. */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** One table of a plan, in the words that both engines have. */
export interface PlanStep {
  readonly text: string
  /** Rows are looked at in no order of an index, one after the other. */
  readonly isFullScan: boolean
  /** Rows are put in order, or collected, before the first is given. */
  readonly isSorted: boolean
}

export interface RecordedDatabase extends AsyncDisposable {
  readonly repositories: ReturnType<typeof repositoriesOf>
  /** What `act` sent: selects, updates and deletes; no inserts, and not what frames a transaction. */
  record(act: () => Promise<unknown>): Promise<readonly Statement[]>
  /** `few`: the statement must be led to its rows, not pass over others until it has enough. */
  plan(statement: Statement, few: boolean): Promise<readonly PlanStep[]>
  /** Rows that the server reads from its tables for a statement; undefined where the engine does not count them. */
  rowsRead(statement: Statement): Promise<number | undefined>
  run(sql: string): Promise<readonly object[]>
}

const OPTIONS = { waitMs: 10_000, guard: () => undefined }

/** Opens a migrated database of either engine. */
export async function recordedDatabase(url: string): Promise<RecordedDatabase> {
  const place = parseDatabaseUrl(url)
  const driver =
    place.engine === 'sqlite'
      ? await openSqlite({ path: place.path, ...OPTIONS })
      : new MysqlDriver({ ...place, ...OPTIONS, poolSize: 1, statementMs: 60_000 })
  const dialect = driver instanceof MysqlDriver ? mysqlDialect(driver) : sqliteDialect(driver)
  let recorded: Statement[] | undefined
  const db = new Kysely<Schema>({
    dialect,
    log({ query }) {
      if (/^(select|update|delete)/.test(query.sql)) recorded?.push(query)
    },
  })
  const { engine } = place
  const scope: Scope = {
    engine,
    db,
    atomic: (work) =>
      db.transaction().execute((inner) => work({ engine, db: inner, atomic: (again) => again(scope) })),
  }
  const run = async (sql: string, parameters: readonly unknown[] = []): Promise<readonly object[]> =>
    (await db.executeQuery<object>(CompiledQuery.raw(sql, [...parameters]))).rows

  const handlerReads = async (): Promise<number> => {
    const rows = await run("show session status like 'Handler_read%'")
    return rows.reduce((total, row) => total + Number(Reflect.get(row, 'Value')), 0)
  }

  return {
    repositories: repositoriesOf(scope),
    async record(act) {
      const statements: Statement[] = []
      recorded = statements
      try {
        await act()
      } finally {
        recorded = undefined
      }
      return statements
    },
    async plan({ sql, parameters }, few) {
      if (engine === 'sqlite') {
        const rows = await run(`explain query plan ${sql}`, parameters)
        return rows.map((row) =>
          sqliteStep(
            String(Reflect.get(row, 'detail')),
            / limit /.test(sql) && !(few && / where /.test(sql)),
          ),
        )
      }
      return (await run(`explain ${sql}`, parameters)).map(mysqlStep)
    },
    async rowsRead({ sql, parameters }) {
      if (engine === 'sqlite') return undefined
      await run('flush status')
      await run(sql, parameters)
      return handlerReads()
    },
    run: (sql) => run(sql),
    [Symbol.asyncDispose]: () => driver.destroy(),
  }
}

/** A scan of no index goes along the ids: where it may stop at a limit, without sorting, it is a page by id. */
function sqliteStep(detail: string, mayStop: boolean): PlanStep {
  return {
    text: detail,
    isFullScan: !mayStop && /^SCAN (?!.*USING (COVERING )?INDEX)(?!json_each|CONSTANT)/.test(detail),
    isSorted: detail.startsWith('USE TEMP B-TREE'),
  }
}

function mysqlStep(row: object): PlanStep {
  const of = (name: string): string => String(Reflect.get(row, name) ?? '')
  const extra = of('Extra')
  return {
    text: `${of('table')}: ${of('type')} by ${of('key')}, about ${of('rows')} rows; ${extra}`,
    isFullScan: of('type') === 'ALL' && !of('table').startsWith('<'),
    isSorted: /Using (filesort|temporary)/.test(extra),
  }
}
