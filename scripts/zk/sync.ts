// `zk sync`: reads a terminal's attendance log into the database, by the same job as POST /attendance/device/{deviceId}/sync, and says
// what its certificate proves.
import type { JobView, SyncCertificate } from '@org/core'
import { defineCommand } from './command.ts'
import type { Io } from './io.ts'
import type { SyncWay } from './sync-way.ts'

const DEFAULT_TIMEOUT_SECONDS = 3_600
const LONGEST_TIMEOUT_SECONDS = 86_400

export const sync = defineCommand({
  name: 'sync',
  about: 'reads a terminal’s attendance log into the database',
  more: [
    'In queue mode a worker runs the job. Where one process does everything, the running service runs it; while none runs, this command is the service until the job is done, and a service that is started meanwhile says that another runs.',
    'Ctrl-C leaves a job of the service or of a worker running, and cancels one that runs here. A sync of the device that is queued or running already is followed instead of a second one. Failed attempts are repeated as the job declares, after 5, 30 and 120 seconds.',
  ],
  argument: { name: 'DEVICE', about: 'its id, serial number or name' },
  options: {
    full: { type: 'boolean', about: 'reads the whole log, not only what is new' },
    'no-wait': { type: 'boolean', about: 'queues the job and ends; whoever runs jobs takes it' },
    timeout: {
      type: 'string',
      value: 'SECONDS',
      about: 'how long to wait for the end of the job',
      unless: String(DEFAULT_TIMEOUT_SECONDS),
      not: ['no-wait'],
    },
    json: { type: 'boolean', about: 'prints the job as JSON' },
  },
  examples: [
    ['what is new on a terminal', 'sync Gate'],
    ['everything again, for a program', 'sync 1 --full --json'],
  ],

  async run(given, io) {
    const seconds = given.wholeNumber('timeout', { least: 1, most: LONGEST_TIMEOUT_SECONDS })
    const isJson = given.flag('json')
    const queueOnly = given.flag('no-wait')
    const { openConfigured } = await import('./opened-database.ts')
    await using opened = await openConfigured(io)
    const { findDevice } = await import('./find-device.ts')
    const device = await findDevice(opened.database, given.argument)
    const { openSyncWay } = await import('./sync-way.ts')
    await using way = await openSyncWay(opened, io, { queueOnly })
    const { job, deduplicated } = await way.request(device.id, given.flag('full') ? 'full' : 'auto')
    if (queueOnly) {
      io.stdout.write(
        isJson ? jsonLine(job) : `Queued: ${job.id}${deduplicated ? ' (it was already)' : ''}\n`,
      )
      return 0
    }
    if (deduplicated && !isJson) io.stderr.write(`A sync of it is ${job.state} already: ${job.id}\n`)
    const { followJob } = await import('./follow-job.ts')
    let ended: JobView
    try {
      const timeoutMs = (seconds ?? DEFAULT_TIMEOUT_SECONDS) * 1_000
      const leftTo = way.runsHere
        ? 'waits for the next start of the service, or for this command again'
        : 'goes on without this command'
      ended = await followJob(job, (id) => way.find(id), io, { timeoutMs, quiet: isJson, leftTo })
    } catch (error) {
      if (io.stop.aborted) await leave(way, job.id, io)
      throw error
    }
    if (isJson) io.stdout.write(jsonLine(ended))
    if (ended.state !== 'completed') {
      io.stderr.write(failure(ended, device))
      return 1
    }
    if (!isJson) {
      const { attendanceSync } = await import('@org/core')
      io.stdout.write(certificateText(device, attendanceSync.parseResult(ended.result)))
    }
    return 0
  },
})

type Named = { readonly id: number; readonly name: string; readonly ip: string; readonly port: number }

async function leave(way: SyncWay, jobId: string, { stderr }: Io): Promise<void> {
  if (way.runsHere) await way.cancel(jobId)
  stderr.write(
    way.runsHere ? `Stopped: ${jobId} is cancelled\n` : `The job ${jobId} goes on without this command\n`,
  )
}

function jsonLine({ id, deviceId, state, attempts, result, error }: JobView): string {
  return `${JSON.stringify({ job_id: id, device_id: deviceId, state, attempts, result, error })}\n`
}

function certificateText({ id, name }: Named, certificate: SyncCertificate): string {
  const { announced_before, announced_after, from, read, invalid_time } = certificate
  const announced =
    announced_after === null
      ? 'the terminal gives no count'
      : announced_before === announced_after
        ? String(announced_after)
        : `${announced_before} before, ${announced_after} after`
  const rows: (readonly [string, string])[] = [
    ['announced', announced],
    ['read', `${read} (from record ${from})`],
    ['new', String(certificate.new)],
    ['known', String(certificate.known)],
  ]
  if (invalid_time > 0) rows.push(['no real date', `${invalid_time}, kept`])
  return [
    `Device ${id} (${name}) is synced`,
    ...rows.map(([label, text]) => `  ${label.padEnd(12)}  ${text}`),
    '',
  ].join('\n')
}

function failure({ state, error }: JobView, device: Named): string {
  if (state === 'cancelled') return 'The job was cancelled\n'
  const { code, message } = error ?? { code: 'INTERNAL_ERROR', message: 'No reason was given' }
  return `The sync failed: ${message} (${code})\n  → ${remedy(code, device)}\n`
}

function remedy(code: string, { id, ip, port }: Named): string {
  switch (code) {
    case 'DEVICE_UNREACHABLE':
    case 'DEVICE_TIMEOUT':
      return `pnpm zk doctor ${ip} --port ${port} looks for the reason`
    case 'DEVICE_AUTH_FAILED':
      return `give the comm key that is set at the terminal: PATCH /api/v1/devices/${id} with {"password": "…"}`
    case 'DEVICE_BUSY':
      return 'something else holds the terminal; try again when it is done'
    case 'DEVICE_DATA_UNREADABLE':
      return 'the log has an unknown form; its bytes are kept for a week: npm run kept-transfers'
    default:
      return 'docs/operations.md says what each code means'
  }
}
