// The commands by which docs/operations.md installs and upgrades the service, typed line by line with stand-ins for docker, systemctl
// and what else belongs to a machine: they end well, leave behind what the next step needs, and name only what is shipped.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '@org/core'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { blockOf, typed } from './support/typed.ts'

const ROOT = new URL('../..', import.meta.url).pathname
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zk-typed-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const Composition = Type.Object({
  'x-service': Type.Object({ environment: Type.Record(Type.String(), Type.String()) }),
  services: Type.Record(Type.String(), Type.Unknown()),
})
const composition = Value.Parse(
  Composition,
  parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }),
)

describe('with Docker Compose', () => {
  const standIns = {
    openssl: 'head --bytes=32 /dev/urandom | od --address-radix=n --format=x1 | tr --delete " \\n"',
    docker: '[ "$2" != logs ] || echo "api-1  | First admin: admin@example.com, password …"',
    git: 'true',
  }

  it('writes settings that the service takes, for its owner alone, and starts what compose.yaml has', async () => {
    copyFileSync(join(ROOT, '.env.example'), join(folder, '.env.example'))
    const { stdout, asked } = await typed(blockOf('sh compose'), folder, { cwd: folder, standIns })
    expect(stdout).toContain('First admin')
    expect(asked.filter((line) => line.startsWith('docker'))).toEqual([
      'docker compose up --detach --build --wait --scale worker=4',
      'docker compose logs api',
    ])
    expect(statSync(join(folder, '.env')).mode & 0o077).toBe(0)

    const settings = Object.fromEntries(
      [...readFileSync(join(folder, '.env'), 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(
        ([, name = '', value = '']) => [name, value],
      ),
    )
    const secrets = ['JWT_SECRET', 'ENCRYPTION_KEY', 'DATABASE_PASSWORD', 'REDIS_PASSWORD', 'METRICS_TOKEN']
    for (const name of secrets) expect(settings[name]).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(secrets.map((name) => settings[name])).size).toBe(secrets.length)

    const { environment } = composition['x-service']
    const filled = Object.entries(environment).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, taken: string) => settings[taken] ?? ''),
    ])
    const config = readConfig({ ...settings, ...Object.fromEntries(filled) })
    expect(config.mode).toEqual({
      database: 'mysql',
      coordination: 'redis',
      queue: 'bullmq',
      embedded: false,
    })
    expect(config.DATABASE_URL).toBe(
      `mysql://zkteco:${String(settings['DATABASE_PASSWORD'])}@mysql:3306/zkteco`,
    )
    expect(config.REDIS_URL).toBe(`redis://:${String(settings['REDIS_PASSWORD'])}@redis:6379`)
  })

  it('upgrades with nothing of the old version running', async () => {
    const { asked } = await typed(blockOf('sh compose upgrade'), folder, { cwd: folder, standIns })
    expect(asked).toEqual([
      'git pull --ff-only',
      'docker compose build',
      'docker compose stop api worker',
      'docker compose up --detach --wait --scale worker=4',
    ])
  })

  it('speaks of no service that compose.yaml has not', () => {
    const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
    const named = [
      ...page.matchAll(/docker compose (?:exec -T|logs|stop) ([a-z ]+?)(?= (?:sh|redis-cli|\|)|$|`)/gm),
    ]
    const services = named.flatMap(([, names = '']) => names.split(' '))
    expect(services.length).toBeGreaterThan(5)
    expect(services.filter((name) => !Object.hasOwn(composition.services, name))).toEqual([])
  })
})

describe('with systemd', () => {
  const place = () => join(folder, 'opt/zkteco-device-api')
  const units = () => join(folder, 'etc/systemd/system')
  const options = () => ({
    cwd: folder,
    here: { '/opt/': `${folder}/opt/`, '/etc/': `${folder}/etc/` },
    env: { REPOSITORY: 'the-repository' },
    standIns: {
      'apt-get': 'true',
      git: `[ "$1" != clone ] || { mkdir --parents "$3/docs"; cp --recursive '${join(ROOT, 'docs/deploy')}' "$3/docs"; }`,
      npm: 'true',
      useradd: 'true',
      systemctl:
        '[ "$1" != list-units ] || printf "zkteco-api.service loaded\\nzkteco-worker@1.service loaded\\n"',
      journalctl: 'true',
    },
  })
  /** The file that a unit is made from, of those that lie where systemd looks. */
  const isInstalled = (unit: string) =>
    readdirSync(units()).includes(`${unit.replace(/(?<=@)[^.]+/, '').replace(/\.service$/, '')}.service`)

  it('puts units, settings and the account where they belong, and starts what it has put there', async () => {
    mkdirSync(units(), { recursive: true })
    const { asked } = await typed(blockOf('sh systemd'), folder, options())
    expect(asked).toContain(`git clone the-repository ${place()}`)
    expect(asked).toContain('npm start -- --help')
    expect(asked.find((line) => line.startsWith('useradd'))).toMatch(/ zkteco-device-api$/)
    expect(statSync(join(folder, 'etc/zkteco-device-api.env')).mode & 0o777).toBe(0o600)
    expect(asked.at(-1)).toBe('systemctl daemon-reload')

    const started = []
    for (const way of ['sh systemd embedded', 'sh systemd queue']) {
      const enabling = (await typed(blockOf(way), folder, options())).asked.find((line) =>
        line.includes(' enable '),
      )
      started.push(...(enabling?.split(' ').slice(3) ?? []))
    }
    expect(started.length).toBeGreaterThan(4)
    expect(started.filter((unit) => !isInstalled(unit))).toEqual([])
  })

  it('upgrades with nothing of the old version running, and starts again what ran', async () => {
    mkdirSync(place(), { recursive: true })
    mkdirSync(units(), { recursive: true })
    cpSync(join(ROOT, 'docs/deploy'), join(place(), 'docs/deploy'), { recursive: true })
    const { asked } = await typed(blockOf('sh systemd upgrade'), folder, options())
    expect(asked.slice(1)).toEqual([
      'systemctl stop zkteco-api.service zkteco-worker@1.service',
      'git pull --ff-only',
      'npm start -- --help',
      'systemctl daemon-reload',
      'systemctl start zkteco-api.service zkteco-worker@1.service',
    ])
    expect(readdirSync(units()).length).toBeGreaterThan(2)
  })
})
