// The right to be the only service process on a database, for set-ups in which leases or queues live in one process.
// It hangs on something that the operating system or the server takes back when the process dies, however it dies.
import type { DatabaseSync } from 'node:sqlite'
import { CompiledQuery } from 'kysely'
import type { AloneHold } from './database.ts'
import { MysqlDriver, type MysqlOptions } from './driver-mysql.ts'
import { isBusy, openFile, translatedSqlite } from './driver-sqlite.ts'
import { DatabaseUnavailable } from './errors.ts'

/** For a file: an exclusive transaction on a second file beside it, which is open as long as the hold lasts. */
export function holdFile(path: string): AloneHold | undefined {
  const lost = new AbortController()
  if (path === ':memory:') return { lost: lost.signal, release: async () => {} }
  const lock = openLock(`${path}.service-lock`)
  if (lock === undefined) return undefined
  return {
    lost: lost.signal, // nothing but this process can take it away
    release: async () => {
      if (lock.isOpen) lock.close()
    },
  }
}

function openLock(path: string): DatabaseSync | undefined {
  const lock = openFile(path)
  try {
    lock.exec('pragma busy_timeout = 0')
    lock.exec('begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    if (isBusy(error)) return undefined
    throw translatedSqlite(error, 'refused')
  }
}

const SIGN_OF_LIFE_MS = 10_000
const SILENCE_SECONDS = 60 // after which the server lets go of a holder whose machine is gone
const LOCK = "concat('service ', left(sha1(database()), 40))"

/** For a server: a named lock, bound to a connection of its own. */
export async function holdServer(options: MysqlOptions): Promise<AloneHold | undefined> {
  const driver = new MysqlDriver({ ...options, poolSize: 1, statementMs: SIGN_OF_LIFE_MS / 2 })
  try {
    const connection = await driver.acquireConnection()
    await connection.executeQuery(CompiledQuery.raw(`set session wait_timeout = ${SILENCE_SECONDS}`))
    const { rows } = await connection.executeQuery<{ taken: number | null }>(
      CompiledQuery.raw(`select get_lock(${LOCK}, 0) as taken`),
    )
    if (rows[0]?.taken !== 1) {
      await driver.destroyNow()
      return undefined
    }
    const lost = new AbortController()
    let released = false
    const lose = () => {
      if (released) return
      released = true
      clearInterval(signs)
      lost.abort()
      void driver.destroyNow()
    }
    const signs = setInterval(() => {
      connection.executeQuery(CompiledQuery.raw('do 1')).catch(lose)
    }, SIGN_OF_LIFE_MS)
    signs.unref()
    connection.whenGone(lose)
    return {
      lost: lost.signal,
      release: async () => {
        if (released) return
        released = true
        clearInterval(signs)
        try {
          // Said, not left to the end of the connection, which a busy server notices some time after the next has asked.
          await connection.executeQuery(CompiledQuery.raw(`do release_lock(${LOCK})`))
        } catch (error) {
          // A connection that is gone took the lock with it.
          if (!(error instanceof DatabaseUnavailable)) throw error
        } finally {
          await driver.destroyNow()
        }
      },
    }
  } catch (error) {
    await driver.destroyNow()
    throw error
  }
}
