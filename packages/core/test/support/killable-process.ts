// A process of the service that a test tells what to do, line by line, and kills. ROLE says what it is: `both`, `api` or `worker`.
// Each line has a number, which its answer begins with. `start` opens everything; `ask <port>` registers the terminal there and asks
// for a sync; `again <device>` asks for another; `finish <job>` waits for a job's end and tells it. It says `begun <job>` when it
// takes one up.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '@org/data'
import {
  attendanceSync,
  createServices,
  handle,
  readConfig,
  ServiceError,
  SYSTEM,
  type ServiceRole,
  type Services,
} from '../../src/index.ts'
import { testLog } from '../../../../scripts/toolchain/test-log.ts'

const LOOK_MS = 20
const REGISTER_ATTEMPTS = 5

const role = roleOf(process.env['ROLE'])
let services: Services | undefined

for await (const line of createInterface({ input: process.stdin })) {
  const [number = '', verb = '', word = ''] = line.split(' ')
  void obey(verb, word).then(
    (answer) => say(`${number} ${JSON.stringify(answer)}`),
    (error: unknown) => say(`failed ${line}: ${String(error)}`),
  )
}
// Whoever told it what to do is gone.
process.exit()

async function obey(verb: string, word: string): Promise<unknown> {
  if (verb === 'start') return start()
  if (services === undefined) throw new Error(`not started, and told to ${verb}`)
  if (verb === 'ask') {
    const deviceId = await register(services, Number(word))
    return { deviceId, jobId: await askForSync(services, deviceId) }
  }
  if (verb === 'again') return askForSync(services, Number(word))
  if (verb === 'finish') return finished(services, word)
  throw new Error(`unknown word ${verb}`)
}

async function start(): Promise<null> {
  const config = readConfig(process.env)
  services = await createServices(config, await openDatabase(config.databaseUrl), { role, log: testLog() })
  const opened = services
  if (role !== 'api') {
    const work = handle(attendanceSync, ({ jobId, data, progress, signal }) => {
      say(`begun ${jobId}`)
      return opened.syncAttendance({ ...data, progress, signal })
    })
    opened.jobs.work([work], { concurrency: config.WORKER_CONCURRENCY })
  }
  return null
}

/** Again where a busy machine was too slow for it. */
async function register({ devices }: Services, port: number): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { device } = await devices.register({ name: `Gate ${port}`, ip: '127.0.0.1', port }, SYSTEM)
      return device.id
    } catch (error) {
      if (!(error instanceof ServiceError) || !error.retryable || attempt === REGISTER_ATTEMPTS) throw error
    }
  }
}

async function askForSync({ attendance }: Services, deviceId: number): Promise<string> {
  return (await attendance.requestSync(deviceId, {}, SYSTEM)).job.id
}

async function finished({ jobs }: Services, jobId: string): Promise<unknown> {
  for (;;) {
    const job = await jobs.find(jobId)
    if (job !== undefined && job.finishedAt !== null) return job
    await sleep(LOOK_MS)
  }
}

function roleOf(word: string | undefined): ServiceRole {
  if (word === 'both' || word === 'api' || word === 'worker') return word
  throw new Error(`ROLE is ${String(word)}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
