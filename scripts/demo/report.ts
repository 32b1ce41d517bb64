// What `npm start` shows a person: addresses, login, progress, certificate, first punches, lines to paste. With --once the
// last line is JSON for programs.
import cliProgress from 'cli-progress'
import pico from 'picocolors'
import { startFailure, type Device, type JobProgress, type JobView, type SyncCertificate } from '@org/core'
import { linesToPaste } from './lines-to-paste.ts'
import { punchStateName } from '@org/zk-proto'
import type { RunningService } from './service.ts'

const PUNCHES_SHOWN = 5

/** The last line of `npm start -- --once`. */
type LastLine =
  | { ok: boolean; announced: number | null; read: number; new: number; known: number; ms: number }
  | { ok: false; error: string }

interface Synced {
  readonly service: RunningService
  readonly device: Device
  readonly certificate: SyncCertificate
  readonly differences: readonly string[]
  readonly ms: number
}

export class Report {
  readonly #once: boolean
  #bar: cliProgress.SingleBar | undefined
  #quarter = -1
  #last: LastLine = { ok: false, error: 'stopped before the sync was complete' }

  constructor(options: { readonly once: boolean }) {
    this.#once = options.once
  }

  service(service: RunningService): void {
    const { api, config, services } = service
    const kept =
      services.mode.database === 'sqlite' ? config.databaseUrl.replace(/^sqlite:/, '') : 'MySQL / MariaDB'
    this.#section('Service', [
      ['API', `${api.address}/api/v1`],
      ['docs', `${api.address}/docs`],
      ['data', kept],
    ])
    this.firstAdmin(service)
  }

  /** The login made at this start; nothing at later ones. */
  firstAdmin({ firstAdmin }: RunningService): void {
    if (firstAdmin === undefined) return
    this.#section('First admin', [
      ['e-mail', firstAdmin.email],
      ['password', firstAdmin.password ?? '(the one in ADMIN_PASSWORD)'],
    ])
    if (firstAdmin.password !== undefined) console.log(pico.dim('  Shown at this start only; keep it.'))
  }

  device(device: Device): void {
    this.#section('Terminal (simulated, loaded with recorded input)', [
      ['device', `${device.id}, ${device.name}, serial number ${device.terminalSerialNumber ?? 'unknown'}`],
      ['address', `${device.ip}:${device.port}`],
    ])
    console.log()
  }

  progress(progress: JobProgress | null): void {
    if (progress === null || progress.total === null || progress.total === 0) return
    if (process.stderr.isTTY) {
      this.#bar ??= this.#startBar()
      this.#bar.setTotal(progress.total)
      this.#bar.update(Math.min(progress.done, progress.total), { phase: progress.phase })
      return
    }
    const quarter = Math.floor((4 * progress.done) / progress.total)
    if (quarter > this.#quarter)
      console.error(`  sync: ${quarter * 25} % (${progress.done} of ${progress.total})`)
    this.#quarter = Math.max(quarter, this.#quarter)
  }

  progressEnds(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  syncFailed(job: JobView): void {
    const why = job.error === null ? job.state : `${job.error.code}: ${job.error.message}`
    console.error(pico.red(`\nThe sync ${job.id} ${job.state}: ${why}`))
    this.#last = { ok: false, error: why }
  }

  async synced({ service, device, certificate, differences, ms }: Synced): Promise<void> {
    const ok = differences.length === 0
    this.#section('Sync certificate', [
      ['announced', String(certificate.announced_after ?? 'not told')],
      ['read', `${certificate.read} (from record ${certificate.from})`],
      ['new', String(certificate.new)],
      ['known', String(certificate.known)],
      ['time', `${ms} ms`],
    ])
    if (ok) console.log(pico.green('  Every record of the terminal is in the table, equally often.'))
    else for (const difference of differences) console.error(pico.red(`  DIFFERENT: ${difference}`))
    await this.#firstPunches(service, device)
    if (!this.#once) this.#linesToPaste(service, device)
    this.#last = {
      ok,
      announced: certificate.announced_after,
      read: certificate.read,
      new: certificate.new,
      known: certificate.known,
      ms,
    }
  }

  staysUp(): void {
    console.log(pico.dim('\nRunning; Ctrl-C stops it.'))
  }

  stopping(signal: string): void {
    this.progressEnds()
    console.error(`\n${signal}: stopping …`)
  }

  stopped(): void {
    console.error('Stopped.')
  }

  failure(error: unknown): void {
    this.progressEnds()
    const told = startFailure(error)
    // Where it came from is for whoever mends it: DEBUG=1 shows it.
    const isStack = error instanceof Error && told === error.stack
    const message = isStack ? error.message : told
    console.error(pico.red(isStack && process.env['DEBUG'] ? told : message))
    this.#last = { ok: false, error: message }
  }

  /** Printed when everything has been stopped, so that nothing comes after it. */
  lastLine(): void {
    if (this.#once) console.log(JSON.stringify(this.#last))
  }

  async #firstPunches({ services }: RunningService, device: Device): Promise<void> {
    const page = await services.attendance.list(
      { deviceIds: [device.id] },
      { page: 1, limit: PUNCHES_SHOWN, sort: 'timestamp' },
    )
    console.log(pico.bold(`\nFirst punches (${page.total ?? 0} in all)`))
    for (const punch of page.rows) {
      const name = punch.userName ?? '–'
      console.log(
        `  ${punch.wallTime.replace('T', ' ')}  ${punch.pin.padEnd(9)}  ${name.padEnd(20)}  ${punchStateName(punch.state)}`,
      )
    }
  }

  #linesToPaste({ api, adminEmail, firstAdmin }: RunningService, device: Device): void {
    if (adminEmail === undefined) return
    const how = firstAdmin?.password === undefined ? ', the first by itself: it asks for the password' : ''
    console.log(pico.bold(`\nTry it: paste these three lines into another shell${how}`))
    const input = {
      base: `${api.address}/api/v1`,
      deviceId: device.id,
      email: adminEmail,
      password: firstAdmin?.password,
    }
    for (const line of linesToPaste(input)) console.log(`  ${line}`)
  }

  #startBar(): cliProgress.SingleBar {
    const bar = new cliProgress.SingleBar(
      { format: '  {bar} {percentage} %  {value} of {total} punches', hideCursor: true },
      cliProgress.Presets.shades_classic,
    )
    bar.start(1, 0)
    return bar
  }

  #section(title: string, rows: readonly (readonly [string, string])[]): void {
    console.log(pico.bold(`\n${title}`))
    for (const [name, value] of rows) console.log(`  ${name.padEnd(10)} ${value}`)
  }
}
