// Where the database is, by URL. Messages never repeat the URL: it may hold a password.
import { DatabaseUsage } from './errors.ts'

export interface SqlitePlace {
  readonly engine: 'sqlite'
  /** A file, or ':memory:'. */
  readonly path: string
}

export interface MysqlPlace {
  readonly engine: 'mysql'
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly tls: boolean
}

const MYSQL_PORT = 3306

/** Throws DatabaseUsage for a URL of another form. */
export function parseDatabaseUrl(url: string): SqlitePlace | MysqlPlace {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length).replace(/^\/\//, '')
    if (path === '')
      throw new DatabaseUsage('a SQLite URL names a file (sqlite:/path/file.db) or is sqlite::memory:')
    return { engine: 'sqlite', path }
  }
  if (!URL.canParse(url)) throw new DatabaseUsage('the database URL cannot be read')
  const parsed = new URL(url)
  if (parsed.protocol !== 'mysql:' && parsed.protocol !== 'mariadb:') {
    throw new DatabaseUsage('a database URL begins with sqlite:, mysql:// or mariadb://')
  }
  const database = decoded(parsed.pathname.slice(1))
  if (parsed.hostname === '' || database === '' || database.includes('/')) {
    throw new DatabaseUsage('a server URL names host and database: mysql://user:password@host:3306/name')
  }
  return {
    engine: 'mysql',
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? MYSQL_PORT : Number(parsed.port),
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    database,
    tls: wantsTls(parsed.searchParams),
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new DatabaseUsage('a percent sign in the database URL must be written as %25')
  }
}

function wantsTls(parameters: URLSearchParams): boolean {
  for (const [name, value] of parameters) {
    if (name !== 'tls' || value !== 'verify')
      throw new DatabaseUsage('a server URL knows one parameter: tls=verify')
  }
  return parameters.has('tls')
}
