// The service as a program on the other side of HTTP sees it: fetch, a token, typed answers checked by their schemas, and
// waiting for a job to end.
import { setTimeout as sleep } from 'node:timers/promises'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'

const JOB_WITHIN_MS = 120_000

const ATTEMPT_WITHIN_MS = 90_000

/** What became of a request that may be refused. */
export interface Attempt {
  readonly status: number
  readonly code: string | null
  /** Whether it is the answer of an earlier request. */
  readonly replayed: boolean
}

const Failure = Type.Object({ error: Type.Object({ code: Type.String() }) })
const LoginData = Type.Object({ access_token: Type.String() })
const DeviceData = Type.Object({
  id: Type.Integer(),
  serial_number: Type.String(),
  is_connected: Type.Boolean(),
})
const QueuedData = Type.Object({
  job_id: Type.String(),
  status: Type.String(),
  deduplicated: Type.Optional(Type.Boolean()),
})
export const Certificate = Type.Object({
  announced_before: Type.Union([Type.Integer(), Type.Null()]),
  announced_after: Type.Union([Type.Integer(), Type.Null()]),
  bytes_announced: Type.Integer(),
  bytes_received: Type.Integer(),
  from: Type.Integer(),
  read: Type.Integer(),
  new: Type.Integer(),
  known: Type.Integer(),
  invalid_time: Type.Integer(),
})
const JobData = Type.Object({
  job_id: Type.String(),
  state: Type.String(),
  attempts: Type.Integer(),
  progress: Type.Union([Type.Object({ phase: Type.String(), done: Type.Integer() }), Type.Null()]),
  result: Type.Union([Certificate, Type.Null()]),
  error: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()]),
})
const PunchData = Type.Object({
  user_id: Type.String(),
  local_time: Type.String(),
  timestamp: Type.Union([Type.String(), Type.Null()]),
  time_status: Type.String(),
  state: Type.Integer(),
  verify_mode: Type.Integer(),
  denied: Type.Boolean(),
})
const Stats = Type.Object({
  total_jobs: Type.Integer(),
  active: Type.Integer(),
  waiting: Type.Integer(),
  completed: Type.Integer(),
  failed: Type.Integer(),
})
export type PunchOverHttp = Static<typeof PunchData>
export type JobOverHttp = Static<typeof JobData>

/** Speaks to one API process; several may share a token. */
export class RestClient {
  readonly #base: string
  #token: string | undefined

  constructor(origin: string, token?: string) {
    this.#base = `${origin}/api/v1`
    this.#token = token
  }

  get token(): string | undefined {
    return this.#token
  }

  async logIn(email: string, password: string): Promise<void> {
    const { data } = await this.#ask('POST', '/auth/login', 200, dataOf(LoginData), { email, password })
    this.#token = data.access_token
  }

  async registerDevice(body: Readonly<Record<string, unknown>>): Promise<Static<typeof DeviceData>> {
    const { data } = await this.#ask('POST', '/devices', 201, dataOf(DeviceData), body)
    return data
  }

  async requestSync(deviceId: number): Promise<Static<typeof QueuedData>> {
    const { data } = await this.#ask('POST', `/attendance/device/${deviceId}/sync`, 202, dataOf(QueuedData))
    return data
  }

  async job(jobId: string): Promise<JobOverHttp> {
    const { data } = await this.#ask('GET', `/queue/jobs/${jobId}`, 200, dataOf(JobData))
    return data
  }

  /** Looks until the job is what is wanted; fails when it takes too long. */
  async waitForJob(jobId: string, until: (job: JobOverHttp) => boolean): Promise<JobOverHttp> {
    const deadline = Date.now() + JOB_WITHIN_MS
    for (;;) {
      const job = await this.job(jobId)
      if (until(job)) return job
      if (Date.now() > deadline) throw new Error(`the job is still ${JSON.stringify(job)}`)
      await sleep(50)
    }
  }

  async finishedJob(jobId: string): Promise<JobOverHttp> {
    return this.waitForJob(jobId, ({ state }) => ['completed', 'failed', 'cancelled'].includes(state))
  }

  /** Every punch of the device, page by page as a client would read them. */
  async allPunches(deviceId: number): Promise<PunchOverHttp[]> {
    const Page = Type.Object({
      data: Type.Array(PunchData),
      pagination: Type.Object({ next_cursor: Type.Union([Type.String(), Type.Null()]) }),
    })
    const punches: PunchOverHttp[] = []
    let next = `page=1`
    for (;;) {
      const path = `/attendance?device_id=${deviceId}&denied=all&limit=1000&sort=timestamp&${next}`
      const { data, pagination } = await this.#ask('GET', path, 200, Page)
      punches.push(...data)
      if (pagination.next_cursor === null) return punches
      next = `cursor=${encodeURIComponent(pagination.next_cursor)}`
    }
  }

  /** How many a list has in all, as it says. */
  async count(path: string): Promise<number> {
    const List = Type.Object({ pagination: Type.Object({ total: Type.Integer() }) })
    return (await this.#ask('GET', path, 200, List)).pagination.total
  }

  /** Asks for a test of every channel of notices; the ids of the jobs that deliver it. */
  async testNotices(): Promise<string[]> {
    const Data = Type.Object({ jobs: Type.Array(Type.Object({ job_id: Type.String() })) })
    const { data } = await this.#ask('POST', '/notifications/test', 202, dataOf(Data))
    return data.jobs.map(({ job_id }) => job_id)
  }

  async stats(): Promise<Static<typeof Stats>> {
    const { data } = await this.#ask('GET', '/queue/stats', 200, dataOf(Stats))
    return data
  }

  /** Asks whatever may be refused: the status, and the code of an error. */
  async attempt(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Attempt> {
    const response = await fetch(this.#base + path, {
      method,
      headers: {
        ...headers,
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ATTEMPT_WITHIN_MS),
    })
    const answer: unknown = await response.json()
    const code = Value.Check(Failure, answer) ? answer.error.code : null
    return {
      status: response.status,
      code,
      replayed: response.headers.get('idempotency-replayed') === 'true',
    }
  }

  async #ask<Body extends TSchema>(
    method: string,
    path: string,
    status: number,
    schema: Body,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<Static<Body>> {
    const response = await fetch(this.#base + path, {
      method,
      headers: {
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await response.text()
    if (response.status !== status) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    const answer: unknown = JSON.parse(text)
    if (!Value.Check(schema, answer)) {
      throw new Error(
        `${method} ${path}: ${JSON.stringify([...Value.Errors(schema, answer)][0])} in ${text.slice(0, 500)}`,
      )
    }
    return answer
  }
}

function dataOf<Data extends TSchema>(data: Data) {
  return Type.Object({ data })
}
