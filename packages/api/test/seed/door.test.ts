// The seed document on doors. Each title begins with the id of its statement.
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { FIRST_ADMIN, MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  let terminal: SimulatedTerminal
  let deviceId: number

  beforeAll(async () => {
    service = await wholeService(mode, { env: { UNLOCK_RATE_LIMIT_PER_MINUTE: '10' } })
    terminal = await startTerminal({ people: 3, punches: 10, seed: 1 })
    const body = { name: 'Gate', ip: '127.0.0.1', port: terminal.port }
    const { data } = await service.client.post('/api/v1/devices', body, { token: service.admin })
    deviceId = (data as { id: number }).id
  })
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await terminal.stop()
  })

  /** Every test opens as an admin of its own, so that no count of another one is met. */
  let admin: string
  let openedBefore = 0
  beforeEach(async () => {
    admin = await service.account('admin')
    openedBefore = terminal.memory.door.unlocks.length
  })

  const unlock = (body?: unknown, { token = admin, key }: { token?: string; key?: string } = {}) =>
    service.client.post(`/api/v1/devices/${deviceId}/unlock`, body, {
      token,
      ...(key !== undefined && { headers: { 'idempotency-key': key } }),
    })
  const unlocks = () => terminal.memory.door.unlocks.slice(openedBefore)
  const opened = () => unlocks().map(({ milliseconds }) => milliseconds)
  const trail = async (auditId: string) => {
    const { rows } = await service.database.audit.list({ auditId }, { offset: 0, limit: 10 })
    return rows.toReversed()
  }

  it('S-DOOR-01 S-DOOR-05 S-DOOR-06 S-DOOR-07 S-DOOR-08 opens for five seconds', async () => {
    const answer = await unlock(undefined, { token: service.admin })
    expect(answer.reply).toEqual({
      status: 200,
      body: {
        status: true,
        message: 'Door unlocked successfully',
        data: {
          device_id: deviceId,
          unlock_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          unlocked_by: FIRST_ADMIN.email,
          auto_lock_in: 5,
          audit_id: expect.stringMatching(/^AUD-\d{8}-\d{3,}$/),
        },
      },
    })
    expect(opened()).toEqual([5_000])
  })

  it('S-DOOR-08 counts the attempts of a UTC day, refused ones of the terminal too, without a gap', async () => {
    const idOf = async () => ((await unlock()).data as { audit_id: string }).audit_id
    const first = await idOf()
    const again = await Promise.all([idOf(), idOf(), idOf()])
    const { rows } = await service.database.audit.list({ auditId: first }, { offset: 0, limit: 1 })
    const day = rows[0]?.at.slice(0, 10).replaceAll('-', '') ?? ''
    const [, firstDay, number = ''] = first.split('-')
    expect(firstDay).toBe(day)
    // Where midnight falls between them, those of the next day begin again.
    const further = again.filter((id) => id.includes(day)).toSorted()
    expect(further).toEqual(
      further.map((_, i) => `AUD-${day}-${String(Number(number) + 1 + i).padStart(3, '0')}`),
    )
  })

  it('S-DOOR-05 opens as long as asked for, and no longer than a minute', async () => {
    expect((await unlock({ seconds: 12, reason: 'Delivery' })).data).toMatchObject({ auto_lock_in: 12 })
    for (const seconds of [0, 61, 1.5, '5']) {
      const answer = await unlock({ seconds })
      expect(answer.faults).toEqual(['seconds'])
    }
    expect(opened()).toEqual([12_000])
  })

  it('S-DOOR-04 S-DOOR-10 is in the audit trail before it opens, and then with its outcome', async () => {
    const { data } = await unlock({ reason: 'Delivery' })
    const rows = await trail((data as { audit_id: string }).audit_id)
    expect(rows.map(({ action, outcome, targetId }) => [action, outcome, targetId])).toEqual([
      ['door.unlock', 'attempted', String(deviceId)],
      ['door.unlock', 'success', String(deviceId)],
    ])
    const [attempt, outcome] = rows
    expect(attempt?.details).toEqual({ seconds: 5, reason: 'Delivery' })
    const openedAt = unlocks()[0]?.at ?? 0
    expect(Date.parse(attempt?.at ?? '')).toBeLessThanOrEqual(openedAt)
    expect(Date.parse(outcome?.at ?? '')).toBeGreaterThanOrEqual(openedAt)
  })

  it('S-DOOR-02 S-DOOR-03 refuses the eleventh request of a minute before it looks at it', async () => {
    for (let request = 1; request <= 10; request += 1) {
      const answer = await unlock({ seconds: 'not a number' })
      expect([answer.status, answer.headers.get('x-ratelimit-remaining')]).toEqual([400, `${10 - request}`])
    }
    const answer = await unlock()
    expect(answer.reply).toEqual(refused(429, 'RATE_LIMIT_EXCEEDED'))
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(opened()).toEqual([])
    expect((await unlock(undefined, { token: await service.account('admin') })).status).toBe(200)
  })

  it('S-DOOR-11 is for admins, and the refused ones count too', async () => {
    for (const role of ['user', 'operator'] as const) {
      const token = await service.account(role)
      const answer = await unlock(undefined, { token })
      expect(answer.reply).toEqual(refused(403, 'FORBIDDEN', { message: 'Forbidden - Not an admin' }))
      expect(answer.headers.get('x-ratelimit-remaining')).toBe('9')
    }
    expect(opened()).toEqual([])
  })

  it('gives a repeated request the first answer, and opens once', async () => {
    const first = await unlock({ seconds: 3 }, { key: 'one' })
    const again = await unlock({ seconds: 3 }, { key: 'one' })
    expect(first.status).toBe(200)
    expect(again.reply).toEqual(first.reply)
    expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true'])
    expect((await unlock({ seconds: 4 }, { key: 'one' })).faults).toEqual(['idempotency-key'])
    expect(opened()).toEqual([3_000])
  })

  it('says that nothing was sent when the terminal is away, and says so again', async () => {
    await terminal.hand.pullPlug()
    const first = await unlock(undefined, { key: 'away' })
    expect([503, 504]).toContain(first.status)
    await terminal.hand.plugIn()
    const again = await unlock(undefined, { key: 'away' })
    expect(again.status).toBe(first.status)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(opened()).toEqual([])
  })

  it('knows no door of a device that is not there', async () => {
    const answer = await service.client.post('/api/v1/devices/999999/unlock', {}, { token: admin })
    expect(answer.reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
  })
})
