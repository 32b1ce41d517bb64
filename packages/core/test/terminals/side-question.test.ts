// Questions on whose answer nothing hangs.
import { ZkProtocolError, ZkRefusedError, ZkTransportError } from '@org/zk-proto'
import { describe, expect, it } from 'vitest'
import { ifTold } from '../../src/terminals/side-question.ts'

const OPEN = { closed: false }
const refusal = new ZkRefusedError('ZK_REFUSED', 'no')
const nonsense = new ZkProtocolError('ZK_BAD_RECORD', 'a clock of no bytes')

describe('a side question', () => {
  it('has an answer, or none where it is refused or unreadable', async () => {
    expect(await ifTold(OPEN, Promise.resolve('A1'))).toBe('A1')
    expect(await ifTold(OPEN, Promise.reject(refusal))).toBeUndefined()
    expect(await ifTold(OPEN, Promise.reject(nonsense))).toBeUndefined()
  })

  it('fails where the connection does, or the session ended over it', async () => {
    const lost = new ZkTransportError('ZK_CONNECTION_LOST', 'gone')
    await expect(ifTold(OPEN, Promise.reject(lost))).rejects.toBe(lost)
    await expect(ifTold({ closed: true }, Promise.reject(nonsense))).rejects.toBe(nonsense)
  })
})
