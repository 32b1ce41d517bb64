// Several API and worker processes on one database and one Redis, with simulated terminals, and what their logs tell of who does
// what: which worker watches a device, which one began a job.
import { openDatabase } from '@org/data'
import { startTerminal, type SimulatedTerminal, type TerminalOptions } from '@org/zk-sim'
import { waitUntil } from '../../../../core/test/support/wait-until.ts'
import type { RestClient } from './rest-client.ts'
import { startQueueMode, type QueueModeService } from './queue-mode-service.ts'
import { expectTableIsTerminal } from './same-punches.ts'
import type { ServiceProcess } from './service-process.ts'

/** A terminal and its row. */
export interface FleetDevice {
  readonly id: number
  readonly terminal: SimulatedTerminal
  /** Somebody who is on it. */
  readonly pin: string
}

/** An API process and a client of it alone. */
export interface FleetApi {
  readonly api: ServiceProcess
  readonly client: RestClient
}

export class Fleet implements AsyncDisposable {
  readonly apis: FleetApi[]
  readonly workers: ServiceProcess[]
  readonly devices: FleetDevice[] = []
  readonly #service: QueueModeService
  readonly #logs = new Map<ServiceProcess, WorkLog>()
  readonly #terminals = new AsyncDisposableStack()

  private constructor(service: QueueModeService) {
    this.#service = service
    this.workers = [...service.workers]
    this.apis = service.apis.flatMap((api, index) => {
      const client = service.clients[index]
      return client === undefined ? [] : [{ api, client }]
    })
  }

  /** Starts so many of each. */
  static async of(
    sizes: { readonly apis: number; readonly workers: number },
    env: Readonly<Record<string, string>>,
  ): Promise<Fleet> {
    return new Fleet(await startQueueMode(sizes, { LOG_LEVEL: 'debug', ...env }))
  }

  get anyClient(): RestClient {
    return this.client(0)
  }

  /** Of the API process in this place, counted round and round. */
  client(place: number): RestClient {
    const entry = this.apis[place % this.apis.length]
    if (entry === undefined) throw new Error('no API process is left')
    return entry.client
  }

  /** One more terminal, registered by one API process after the other. */
  async add(options: TerminalOptions, body: Readonly<Record<string, unknown>> = {}): Promise<FleetDevice> {
    const terminal = this.#terminals.use(await startTerminal(options))
    const address = { name: `Gate ${terminal.port}`, ip: terminal.host, port: terminal.port }
    const { id } = await this.client(this.devices.length).registerDevice({ ...address, ...body })
    const device = { id, terminal, pin: terminal.memory.truth().people[0]?.pin ?? '' }
    this.devices.push(device)
    return device
  }

  /** Since when each device is watched by the living worker that began last, by the log. */
  watchers(): ReadonlyMap<number, { readonly worker: ServiceProcess; readonly since: number }> {
    const watchers = new Map<number, { worker: ServiceProcess; since: number }>()
    for (const worker of this.workers)
      for (const [deviceId, since] of this.#logOf(worker).watching)
        if (since >= (watchers.get(deviceId)?.since ?? 0)) watchers.set(deviceId, { worker, since })
    return watchers
  }

  /** The devices that this worker watches. */
  watchedBy(worker: ServiceProcess): FleetDevice[] {
    const watchers = this.watchers()
    return this.devices.filter(({ id }) => watchers.get(id)?.worker === worker)
  }

  /** Whether this worker has begun any job. */
  hasWorked(worker: ServiceProcess): boolean {
    return this.#logOf(worker).begun.size > 0
  }

  /** Who has begun this job, of those that live, and when. */
  runnerOf(jobId: string): { readonly worker: ServiceProcess; readonly since: number } | undefined {
    for (const worker of this.workers) {
      const since = this.#logOf(worker).begun.get(jobId)
      if (since !== undefined) return { worker, since }
    }
    return undefined
  }

  /** Somebody presents a finger, as soon as the terminal takes it. */
  async punch({ terminal, pin }: FleetDevice): Promise<void> {
    await waitUntil('the terminal takes a finger', () => terminal.hand.present(pin))
  }

  /** Of every punch that is stored. */
  async punchIds(): Promise<number[]> {
    const database = await openDatabase(this.#service.databaseUrl, { migrate: false })
    try {
      const ids: number[] = []
      for (const device of this.devices)
        for await (const batch of database.punches.each(device.id)) ids.push(...batch.map(({ id }) => id))
      return ids
    } finally {
      await database.close()
    }
  }

  async addApi(): Promise<FleetApi> {
    const entry = await this.#service.startApi()
    this.apis.push(entry)
    return entry
  }

  async addWorker(): Promise<ServiceProcess> {
    const worker = await this.#service.startWorker()
    this.workers.push(worker)
    return worker
  }

  /** It is no longer counted on; how it ends is the caller's business. */
  without(gone: ServiceProcess): void {
    this.workers.splice(0, Infinity, ...this.workers.filter((it) => it !== gone))
    this.apis.splice(0, Infinity, ...this.apis.filter(({ api }) => api !== gone))
  }

  /** After one more sync of each, the rows of every device are its terminal's log. */
  async expectNothingLostOrDoubled(): Promise<void> {
    const asked = await Promise.all(this.devices.map(({ id }, place) => this.client(place).requestSync(id)))
    for (const { job_id } of asked) {
      const { state, error } = await this.anyClient.finishedJob(job_id)
      if (state !== 'completed') throw new Error(`${job_id} is ${state}: ${JSON.stringify(error)}`)
    }
    for (const { id, terminal } of this.devices)
      await expectTableIsTerminal(this.#service.databaseUrl, id, terminal.memory)
  }

  #logOf(worker: ServiceProcess): WorkLog {
    const log = this.#logs.get(worker) ?? new WorkLog(worker.output)
    this.#logs.set(worker, log)
    return log.readOn()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The terminals end last: sessions on them want to say goodbye.
    await this.#service[Symbol.asyncDispose]()
    await this.#terminals.disposeAsync()
  }
}

/** What a process has logged of its work, read on from where it was last read. */
class WorkLog {
  readonly #output: readonly string[]
  #read = 0
  /** Devices that it watches or has watched, and since when. */
  readonly watching = new Map<number, number>()
  /** Jobs whose runs it has begun, and when the last of each. */
  readonly begun = new Map<string, number>()

  constructor(output: readonly string[]) {
    this.#output = output
  }

  readOn(): this {
    for (; this.#read < this.#output.length; this.#read += 1) {
      const line = this.#output[this.#read] ?? ''
      if (!/"msg":"(?:watching|job begins)"/.test(line)) continue
      const { deviceId, jobId, time }: Record<string, unknown> = JSON.parse(line)
      const at = typeof time === 'string' ? Date.parse(time) : NaN
      if (typeof jobId === 'string') this.begun.set(jobId, at)
      else this.watching.set(Number(deviceId), at)
    }
    return this
  }
}
