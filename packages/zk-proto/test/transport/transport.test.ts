import { describe, expect, it } from 'vitest'
import { connectFailed } from '../../src/transport/transport.ts'

describe('a connection that cannot be opened', () => {
  const place = { host: '192.0.2.7', port: 4370 }
  const cause = (code?: string): Error => Object.assign(new Error('said the system'), { code })

  it.each([
    ['ECONNREFUSED', 'refused_connection'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['EHOSTDOWN', 'unreachable'],
    ['ENOTFOUND', 'name_not_found'],
    ['EAI_AGAIN', 'name_not_found'],
    ['EACCES', 'EACCES'],
  ])('says for %s that it is %s, and that nothing was sent', (system, reason) => {
    const error = connectFailed(cause(system), place, 'it serves UDP only')
    expect(error).toMatchObject({
      code: 'ZK_CONNECT_FAILED',
      effect: 'none',
      details: { ...place, reason, system },
    })
    expect(error.message.includes('it serves UDP only')).toBe(system === 'ECONNREFUSED')
  })

  it('says that the reason is unknown when the system gives no code', () => {
    expect(connectFailed(cause(), place, '')).toMatchObject({
      details: { reason: 'unknown', system: 'unknown' },
    })
  })
})
