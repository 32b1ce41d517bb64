import { describe, expect, it } from 'vitest'
import {
  ZK_ERRORS,
  ZkError,
  ZkProtocolError,
  ZkRefusedError,
  ZkTransportError,
  ZkUsageError,
} from '../src/errors.ts'

describe('the table of errors', () => {
  it('says for every code what it means and what to do', () => {
    for (const entry of Object.values(ZK_ERRORS)) {
      expect(entry.meaning).toMatch(/^[A-Z].*\.$/)
      expect(entry.remedy).toMatch(/^[A-Z].*\.$/)
    }
  })
})

describe('ZkError', () => {
  it('has one subclass a family, each with the effect that is certain without being told', () => {
    const errors = [
      new ZkUsageError('ZK_CLOSED', 'm'),
      new ZkTransportError('ZK_TIMEOUT', 'm'),
      new ZkProtocolError('ZK_BAD_FRAME', 'm'),
      new ZkRefusedError('ZK_REFUSED', 'm'),
    ]
    expect(errors.map((error) => [error.name, error.effect])).toEqual([
      ['ZkUsageError', 'none'],
      ['ZkTransportError', 'unknown'],
      ['ZkProtocolError', 'unknown'],
      ['ZkRefusedError', 'refused'],
    ])
    for (const error of errors) {
      expect(error).toBeInstanceOf(ZkError)
      expect(ZK_ERRORS[error.code]).toBeDefined()
    }
  })

  it('carries effect, details and cause when they are given, and no cause when not', () => {
    const cause = new Error('below')
    const error = new ZkTransportError('ZK_ABORTED', 'm', { effect: 'none', details: { host: 'h' }, cause })
    expect(error).toMatchObject({ effect: 'none', details: { host: 'h' }, cause })
    expect('cause' in new ZkUsageError('ZK_CLOSED', 'm')).toBe(false)
    expect(new ZkUsageError('ZK_CLOSED', 'm').details).toEqual({})
  })
})
