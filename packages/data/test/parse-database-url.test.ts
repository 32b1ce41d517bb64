// Which URLs name a database, and that none is repeated in an error.
import { describe, expect, it } from 'vitest'
import { DatabaseUsage } from '../src/index.ts'
import { parseDatabaseUrl } from '../src/parse-database-url.ts'

describe('the database URL', () => {
  it.each([
    ['sqlite::memory:', ':memory:'],
    ['sqlite:/var/lib/zk/data.db', '/var/lib/zk/data.db'],
    ['sqlite:///var/lib/zk/data.db', '/var/lib/zk/data.db'],
    ['sqlite:./data/zk 100%.db', './data/zk 100%.db'],
  ])('names a SQLite file: %s', (url, path) => {
    expect(parseDatabaseUrl(url)).toEqual({ engine: 'sqlite', path })
  })

  it('names server, login and database', () => {
    expect(parseDatabaseUrl('mysql://zk:p%40ss%2Fw%25rd@db.example.org:3307/attendance?tls=verify')).toEqual({
      engine: 'mysql',
      host: 'db.example.org',
      port: 3307,
      user: 'zk',
      password: 'p@ss/w%rd',
      database: 'attendance',
      tls: true,
    })
  })

  it('means port 3306 and no encryption where it says nothing else, and takes IPv6', () => {
    expect(parseDatabaseUrl('mariadb://root@[::1]/zk')).toEqual({
      engine: 'mysql',
      host: '::1',
      port: 3306,
      user: 'root',
      password: '',
      database: 'zk',
      tls: false,
    })
  })

  it.each([
    ['', /cannot be read/],
    ['sqlite:', /names a file/],
    ['postgres://u:secret@h/db', /begins with/],
    ['mysql://u:secret@h', /names host and database/],
    ['mysql://u:secret@h/a/b', /names host and database/],
    ['mysql://u:se%cret@h/db', /percent sign/],
    ['mysql://u:secret@h/db?ssl=true', /tls=verify/],
    ['mysql://u:secret@h/db?tls=no', /tls=verify/],
  ])('is refused without being repeated: %s', (url, reason) => {
    expect(() => parseDatabaseUrl(url)).toThrow(DatabaseUsage)
    expect(() => parseDatabaseUrl(url)).toThrow(reason)
    expect(() => parseDatabaseUrl(url)).not.toThrow(/secret|se%cret/)
  })
})
