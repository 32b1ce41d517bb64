// What MariaDB and Redis have done so far, as they count it themselves.
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'
import type { RowDataPacket } from 'mysql2/promise'

/** Counters that only grow, by name, the size in memory and the process that counts. */
export interface ServerState {
  readonly counters: Readonly<Record<string, number>>
  readonly memoryMb: number | undefined
  readonly pid: number | undefined
}

const MARIADB_COUNTERS = [
  'Questions',
  'Com_commit',
  'Handler_write',
  'Handler_update',
  'Innodb_os_log_written',
]

/** Asks MariaDB or MySQL. */
export async function mariadbState(url: string): Promise<ServerState> {
  const connection = await createConnection(url)
  try {
    const [status] = await connection.query<RowDataPacket[]>('SHOW GLOBAL STATUS')
    const values = new Map(status.map((row) => [String(row['Variable_name']), Number(row['Value'])]))
    const [[variable]] = await connection.query<RowDataPacket[]>("SHOW VARIABLES LIKE 'pid_file'")
    return {
      counters: Object.fromEntries(MARIADB_COUNTERS.map((name) => [name, values.get(name) ?? Number.NaN])),
      memoryMb: undefined,
      pid: pidIn(String(variable?.['Value'])),
    }
  } finally {
    await connection.end()
  }
}

/** Asks Redis. */
export async function redisState(url: string): Promise<ServerState> {
  const redis = new Redis(url)
  try {
    const info = await redis.info()
    const value = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
    return {
      counters: { commands: value('total_commands_processed') },
      memoryMb: value('used_memory') / 1_000_000,
      pid: value('process_id'),
    }
  } finally {
    redis.disconnect()
  }
}

/** A server on another machine has its file there. */
function pidIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
