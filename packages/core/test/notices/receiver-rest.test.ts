// A receiver that fails is left in peace: one tries again, the others do not wait for it.
import { describe, expect, it } from 'vitest'
import { refused, undelivered } from '../../src/notices/channel.ts'
import { createReceiverRest } from '../../src/notices/receiver-rest.ts'

const hangs = async (): Promise<void> => {
  throw undelivered('timeout')
}
const takes = async (): Promise<string> => 'taken'
const timedOut = { details: { reason: 'timeout' } }
const resting = { code: 'NOTICE_UNDELIVERED', retryable: true, details: { reason: 'resting' } }

describe('a receiver of many deliveries', () => {
  it('is not asked for a moment after it has failed, and then by one', async () => {
    let time = 0
    const unlessResting = createReceiverRest(() => time)
    await expect(unlessResting(hangs)).rejects.toMatchObject(timedOut)
    await expect(unlessResting(takes)).rejects.toMatchObject(resting)
    time = 3_001
    const answer = Promise.withResolvers<string>()
    const trial = unlessResting(() => answer.promise)
    await expect(unlessResting(takes)).rejects.toMatchObject(resting)
    answer.resolve('taken')
    expect(await trial).toBe('taken')
    expect(await unlessResting(takes)).toBe('taken')
  })

  it('is asked by the next when the one that tried was broken off', async () => {
    let time = 0
    const unlessResting = createReceiverRest(() => time)
    await expect(unlessResting(hangs)).rejects.toMatchObject(timedOut)
    time = 4_000
    await expect(unlessResting(() => Promise.reject(new Error('stopping')))).rejects.toThrow('stopping')
    time = 60_000
    expect(await unlessResting(takes)).toBe('taken')
  })

  it('goes on being asked when it refuses a single delivery', async () => {
    const unlessResting = createReceiverRest()
    await expect(unlessResting(() => Promise.reject(refused(410)))).rejects.toMatchObject({
      code: 'NOTICE_REFUSED',
    })
    expect(await unlessResting(takes)).toBe('taken')
  })
})
