// Notices on their whole way, in both modes: from what happened to whoever is told of it.
import { createHmac } from 'node:crypto'
import { Writable } from 'node:stream'
import { attendanceSync, createLog, SYSTEM } from '@org/core'
import { madeUpMemory, profileNamed, startTerminal } from '@org/zk-sim'
import { startWorker } from '@org/worker'
import { describe, expect, it } from 'vitest'
import { httpReceiver, type HttpReceiver, type Received } from '../../../scripts/toolchain/http-receiver.ts'
import { mailServer } from '../../../scripts/toolchain/mail-server.ts'
import { refused } from './support/client.ts'
import { FIRST_ADMIN, MODES, wholeService } from './support/whole-service.ts'
import type { WholeService } from './support/whole-service.ts'
import { TEST_COMM_KEY, TEST_WEBHOOK_SECRET } from '../../../scripts/toolchain/test-secrets.ts'

const signal = new AbortController().signal

interface Event {
  readonly id: string
  readonly kind: string
  readonly text: string | null
  readonly data: Readonly<Record<string, unknown>>
}
const eventOf = ({ body }: Received): Event => JSON.parse(body) as Event
const eventsOf = (receiver: HttpReceiver): Event[] => receiver.received.map(eventOf)
const webhookEnv = (receiver: HttpReceiver) => ({
  WEBHOOK_URL: receiver.url,
  WEBHOOK_SECRET: TEST_WEBHOOK_SECRET,
})

/** A log whose lines are kept. */
function keptLog(): { log: ReturnType<typeof createLog>; text: () => string } {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { log: createLog('trace', sink), text: () => lines.join('') }
}

async function registered(service: WholeService, port: number, name = 'Gate'): Promise<number> {
  const { device } = await service.services.devices.register({ name, ip: '127.0.0.1', port }, SYSTEM)
  return device.id
}

const unlock = (service: WholeService, deviceId: number) =>
  service.client.post(`/api/v1/devices/${deviceId}/unlock`, {}, { token: service.admin })

describe.each(MODES)('notices in %s', (mode) => {
  it('S-DOOR-09 tell of an opened door by every channel that is set', async () => {
    await using mail = await mailServer()
    await using slack = await httpReceiver()
    await using hook = await httpReceiver()
    await using terminal = await startTerminal({ people: 2, punches: 2 })
    await using service = await wholeService(mode, {
      env: {
        SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
        NOTIFY_EMAILS: 'it@example.org, boss@example.org',
        SLACK_WEBHOOK_URL: slack.url,
        ...webhookEnv(hook),
      },
    })
    const deviceId = await registered(service, terminal.port)
    const answer = await unlock(service, deviceId)
    expect(answer.status).toBe(200)
    await Promise.all([slack.whenReceived(1), hook.whenReceived(1)])
    await expect.poll(() => mail.mails.length, { timeout: 60_000 }).toBe(1)
    const [event] = eventsOf(hook)
    expect(event).toMatchObject({
      kind: 'door.unlock',
      data: {
        device_id: deviceId,
        device_name: 'Gate',
        by: FIRST_ADMIN.email,
        seconds: 5,
        outcome: 'success',
        audit_id: (answer.data as { audit_id: string }).audit_id,
      },
    })
    expect(mail.mails[0]?.to).toEqual(['it@example.org', 'boss@example.org'])
    expect(mail.mails[0]?.raw).toContain(`Message-ID: <${event?.id}@localhost>`)
    expect(slack.received[0]?.body).toContain('opened the door')
  })

  it('S-OPS-07 S-CAC-03 tell the admins of a restart and of a cleared cache, by e-mail and Slack', async () => {
    await using mail = await mailServer()
    await using slack = await httpReceiver()
    await using terminal = await startTerminal({ people: 2, punches: 2 })
    await using service = await wholeService(mode, {
      env: {
        SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
        NOTIFY_EMAILS: 'it@example.org',
        SLACK_WEBHOOK_URL: slack.url,
      },
    })
    const deviceId = await registered(service, terminal.port)
    for (const path of ['/api/v1/cache/clear', `/api/v1/devices/${deviceId}/restart`])
      expect((await service.client.post(path, {}, { token: service.admin })).status).toBe(200)
    const mails = () => mail.mails.map(({ raw }) => raw).join('\n')
    const told = () => slack.received.map(({ body }) => body).join('\n')
    for (const text of [mails, told])
      for (const what of [/cache/i, /restart/i]) await expect.poll(text, { timeout: 60_000 }).toMatch(what)
    expect(told()).toContain(FIRST_ADMIN.email)
    expect(mail.mails.every(({ to }) => to.includes('it@example.org'))).toBe(true)
  })

  it('S-DOOR-09 tell of a door that stayed shut, and never change what the caller is told', async () => {
    await using hook = await httpReceiver()
    hook.answer = () => 500
    await using terminal = await startTerminal({ people: 2, punches: 2 })
    await using service = await wholeService(mode, {
      env: { DEVICE_IDLE_MS: '0', ...webhookEnv(hook) },
    })
    const deviceId = await registered(service, terminal.port)
    await terminal.hand.pullPlug()
    expect((await unlock(service, deviceId)).status).toBe(503)
    await hook.whenReceived(1)
    expect(eventsOf(hook)[0]).toMatchObject({ kind: 'door.unlock', data: { outcome: 'unreachable' } })
  })

  it('wait for a worker, however late it comes, and lose nothing', async () => {
    await using hook = await httpReceiver()
    await using terminal = await startTerminal({ people: 2, punches: 2 })
    await using service = await wholeService(mode, { worker: false, env: webhookEnv(hook) })
    const deviceId = await registered(service, terminal.port)
    for (let i = 0; i < 3; i += 1) await unlock(service, deviceId)
    expect(hook.received).toEqual([])
    const worker = startWorker(service.services)
    await hook.whenReceived(3)
    await worker.stop()
    expect(new Set(eventsOf(hook).map(({ id }) => id)).size).toBe(3)
  })

  it('come again with the same id while they are not taken, and the job’s row tells of it', async () => {
    await using hook = await httpReceiver()
    hook.answer = (_, before) => (before === 0 ? 503 : 204)
    const { log, text } = keptLog()
    await using service = await wholeService(mode, { env: webhookEnv(hook), log })
    const { data } = await service.client.post('/api/v1/notifications/test', undefined, {
      token: service.admin,
    })
    const [{ job_id: jobId } = { job_id: '' }] = (data as { jobs: { job_id: string }[] }).jobs
    const job = await service.finished(jobId)
    expect(job).toMatchObject({
      state: 'completed',
      attempts: 2,
      result: { channel: 'webhook' },
      error: null,
    })
    const [first, second] = eventsOf(hook)
    expect(second).toEqual(first)
    expect(jobId).toBe(`notice-${first?.id}-webhook`)
    const stored = JSON.stringify(await service.database.jobs.find(jobId))
    for (const secret of [TEST_WEBHOOK_SECRET, 'very-secret-path', hook.url]) {
      expect(stored).not.toContain(secret)
      expect(text()).not.toContain(secret)
    }
    expect(text()).toContain('an attempt at a job failed')
  })

  it('are given up when the receiver is gone for good', async () => {
    await using hook = await httpReceiver()
    hook.answer = () => 410
    await using service = await wholeService(mode, { env: webhookEnv(hook) })
    const [queued] = await service.services.notices.test('admin@example.com')
    const job = await service.finished(queued?.job.id ?? '')
    expect(job).toMatchObject({
      state: 'failed',
      attempts: 1,
      error: { code: 'NOTICE_REFUSED', message: 'The receiver answered 410 and will not take it' },
    })
    expect(hook.received).toHaveLength(1)
  })

  it('tell of a sync that failed for good, once', async () => {
    await using hook = await httpReceiver()
    await using terminal = await startTerminal({ people: 2, punches: 2, commKey: TEST_COMM_KEY })
    await using service = await wholeService(mode, { env: { DEVICE_IDLE_MS: '0', ...webhookEnv(hook) } })
    const { device } = await service.services.devices.register(
      { name: 'Gate', ip: '127.0.0.1', port: terminal.port, password: String(TEST_COMM_KEY) },
      SYSTEM,
    )
    terminal.memory.commKey = 13
    const { job } = await service.services.attendance.requestSync(device.id, {}, SYSTEM)
    expect(await service.finished(job.id)).toMatchObject({ state: 'failed' })
    await hook.whenReceived(1)
    expect(eventsOf(hook)).toMatchObject([
      {
        kind: 'sync.failed',
        data: { device_id: device.id, job_id: job.id, job: 'attendance-sync', code: 'DEVICE_AUTH_FAILED' },
      },
    ])
  })

  it('tell only of the first of scheduled syncs that fail one after the other', async () => {
    await using hook = await httpReceiver()
    await using terminal = await startTerminal({ people: 2, punches: 2, commKey: TEST_COMM_KEY })
    await using service = await wholeService(mode, { env: { DEVICE_IDLE_MS: '0', ...webhookEnv(hook) } })
    const { device } = await service.services.devices.register(
      { name: 'Gate', ip: '127.0.0.1', port: terminal.port, password: String(TEST_COMM_KEY) },
      SYSTEM,
    )
    const sync = async (source: 'schedule' | 'request', state: string): Promise<string> => {
      const order = { deviceId: device.id, mode: 'auto' as const }
      const { job } = await service.services.jobs.enqueue(attendanceSync, order, { source })
      expect(await service.finished(job.id)).toMatchObject({ state })
      return job.id
    }
    terminal.memory.commKey = 13
    const first = await sync('schedule', 'failed')
    await sync('schedule', 'failed')
    await sync('schedule', 'failed')
    const asked = await sync('request', 'failed')
    const afterThat = await sync('schedule', 'failed')
    terminal.memory.commKey = TEST_COMM_KEY
    await sync('schedule', 'completed')
    terminal.memory.commKey = 13
    const anew = await sync('schedule', 'failed')
    await hook.whenReceived(4)
    const told = eventsOf(hook).map(({ data }) => String(data['job_id']))
    expect(told.toSorted()).toEqual([first, asked, afterThat, anew].toSorted())
  })

  it('tell of a sync whose workers fell silent until no attempt was left', async () => {
    await using hook = await httpReceiver()
    await using terminal = await startTerminal({ people: 2, punches: 2 })
    await using service = await wholeService(mode, {
      worker: false,
      env: { JOB_CLAIM_MS: '1000', ...webhookEnv(hook) },
    })
    const deviceId = await registered(service, terminal.port)
    const { job } = await service.services.attendance.requestSync(deviceId, {}, SYSTEM)
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const now = new Date().toISOString()
      const claimed = await service.database.jobs.claim({
        id: job.id,
        token: `dead-${attempt}`,
        now,
        claimMs: 0,
      })
      expect(claimed?.attempts).toBe(attempt)
      if (attempt < 4) await service.database.jobs.stalled(now, { all: true })
    }
    const worker = startWorker(service.services)
    await hook.whenReceived(1)
    await worker.stop()
    expect(await service.services.jobs.find(job.id)).toMatchObject({
      state: 'failed',
      error: { code: 'JOB_STALLED' },
    })
    expect(eventsOf(hook)).toMatchObject([{ kind: 'sync.failed', data: { code: 'JOB_STALLED' } }])
  })

  it('tell that a terminal has been away for a while, and that it is back', async () => {
    await using hook = await httpReceiver()
    await using terminal = await startTerminal({ people: 2, punches: 2 })
    await using service = await wholeService(mode, { env: { DEVICE_IDLE_MS: '0', ...webhookEnv(hook) } })
    const deviceId = await registered(service, terminal.port)
    const contact = () => service.services.devices.readInfo(deviceId, signal)
    await contact()
    await terminal.hand.pullPlug()
    await expect(contact()).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE' })
    const longAgo = new Date(Date.now() - 60_000).toISOString()
    await service.database.devices.noteContact(deviceId, { unreachableSince: longAgo })
    await expect(contact()).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE' })
    await hook.whenReceived(1)
    await terminal.hand.plugIn()
    await contact()
    await hook.whenReceived(2)
    expect(eventsOf(hook)).toMatchObject([
      { kind: 'device.offline', data: { device_id: deviceId, reason: expect.stringMatching(/\S/) } },
      { kind: 'device.online', data: { device_id: deviceId } },
    ])
  })

  it('tell of a log that is almost full once, and again after it has been emptied', async () => {
    await using hook = await httpReceiver()
    const { capacity, ...profile } = profileNamed('typical')
    const memory = madeUpMemory({
      profile: { ...profile, capacity: { ...capacity, records: 100 } },
      people: 5,
      punches: 89,
      seed: 5,
    })
    await using terminal = await startTerminal({ memory })
    await using service = await wholeService(mode, { env: webhookEnv(hook) })
    const deviceId = await registered(service, terminal.port)
    const sync = () =>
      service.services.syncAttendance({ deviceId, mode: 'auto', signal, progress: () => undefined })
    const tell = async () => (await service.database.devices.findById(deviceId))?.logFullTold

    await sync()
    expect(await tell()).toBe(false)
    terminal.hand.present(memory.people.pins()[0] ?? '')
    await sync()
    await sync()
    expect(await tell()).toBe(true)
    memory.log.clear()
    await sync()
    expect(await tell()).toBe(false)
    await hook.whenReceived(1)
    expect(eventsOf(hook)).toMatchObject([
      { kind: 'device.log-almost-full', data: { device_id: deviceId, records: 90, capacity: 100 } },
    ])
  })
})

describe.each(MODES)('punches to the webhook in %s', (mode) => {
  it('are all posted, once each, a hundred at most, as the lists show them', async () => {
    await using hook = await httpReceiver()
    await using terminal = await startTerminal({ people: 7, punches: 730, seed: 3 })
    await using service = await wholeService(mode, { env: { WEBHOOK_PUNCHES: 'true', ...webhookEnv(hook) } })
    const deviceId = await registered(service, terminal.port)
    const sync = () =>
      service.services.syncAttendance({ deviceId, mode: 'auto', signal, progress: () => undefined })
    await sync()
    terminal.hand.present(terminal.memory.people.pins()[0] ?? '')
    await sync()
    await sync()
    const query = `/api/v1/attendance?device_id=${deviceId}&denied=all&limit=1000`
    const listed = (await service.client.get(query, { token: service.admin })).body as {
      data: { id: number }[]
    }
    expect(listed.data).toHaveLength(731)

    const posted = (): { id: number }[] =>
      eventsOf(hook).flatMap(({ data }) => (data as { punches: { id: number }[] }).punches)
    await expect.poll(() => posted().length, { timeout: 60_000 }).toBe(731)
    const byId = (one: { id: number }, other: { id: number }) => one.id - other.id
    expect(posted().toSorted(byId)).toEqual(listed.data.toSorted(byId))
    for (const { kind, data, text } of eventsOf(hook)) {
      expect([kind, text]).toEqual(['punch.recorded', null])
      expect((data as { punches: unknown[] }).punches.length).toBeLessThanOrEqual(100)
    }
    for (const { headers, body } of hook.received) {
      const timestamp = String(headers['x-webhook-timestamp'])
      const signature = createHmac('sha256', TEST_WEBHOOK_SECRET).update(`${timestamp}.${body}`).digest('hex')
      expect(headers['x-webhook-signature']).toBe(`v1=${signature}`)
    }
  })

  it('do not hold up an e-mail while their receiver hangs', async () => {
    await using hook = await httpReceiver()
    hook.answer = () => 'silence'
    await using mail = await mailServer()
    await using terminal = await startTerminal({ people: 7, punches: 9_000, seed: 3 })
    await using service = await wholeService(mode, {
      worker: false,
      env: {
        WEBHOOK_PUNCHES: 'true',
        SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
        NOTIFY_EMAILS: 'it@example.org',
        WORKER_CONCURRENCY: '2',
        ...webhookEnv(hook),
      },
    })
    const deviceId = await registered(service, terminal.port)
    await service.services.syncAttendance({ deviceId, mode: 'auto', signal, progress: () => undefined })
    await service.services.notices.tell({ kind: 'test', by: FIRST_ADMIN.email })
    const worker = startWorker(service.services)
    // Ninety deliveries stand before it, each of which would wait ten seconds.
    await expect.poll(() => mail.mails.length, { timeout: 100_000 }).toBe(1)
    await worker.stop()
    expect((await service.services.jobs.stats()).queues.notifications).toMatchObject({
      completed: 1,
      failed: 0,
    })
  })

  it('are not posted unless that is asked for', async () => {
    await using hook = await httpReceiver()
    await using terminal = await startTerminal({ people: 2, punches: 20 })
    await using service = await wholeService(mode, { env: webhookEnv(hook) })
    const deviceId = await registered(service, terminal.port)
    const { job } = await service.services.attendance.requestSync(deviceId, {}, SYSTEM)
    expect(await service.finished(job.id)).toMatchObject({ state: 'completed' })
    expect((await service.services.jobs.stats()).queues.notifications.total).toBe(0)
    expect(hook.received).toEqual([])
  })
})

describe.each(MODES)('POST /notifications/test in %s', (mode) => {
  it('says what to set where nothing is', async () => {
    await using service = await wholeService(mode)
    const answer = await service.client.post('/api/v1/notifications/test', undefined, {
      token: service.admin,
    })
    expect(answer.reply).toEqual({
      status: 200,
      body: {
        status: true,
        message: expect.stringContaining('SMTP_URL'),
        data: { channels: [], jobs: [] },
      },
    })
  })

  it('queues a test for each channel that is set, for an admin', async () => {
    await using hook = await httpReceiver()
    await using service = await wholeService(mode, {
      env: { SLACK_WEBHOOK_URL: hook.url, ...webhookEnv(hook) },
    })
    const path = '/api/v1/notifications/test'
    const operator = await service.account('operator')
    expect((await service.client.post(path, undefined, { token: operator })).reply).toEqual(
      refused(403, 'FORBIDDEN'),
    )
    const answer = await service.client.post(path, undefined, { token: service.admin })
    expect(answer.status).toBe(202)
    const { channels, jobs } = answer.data as {
      channels: string[]
      jobs: { channel: string; job_id: string }[]
    }
    expect(channels).toEqual(['slack', 'webhook'])
    for (const { channel, job_id } of jobs) {
      expect(await service.finished(job_id)).toMatchObject({ state: 'completed', result: { channel } })
    }
    expect(eventsOf(hook).some(({ kind }) => kind === 'test')).toBe(true)
  })
})
