import { describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import * as wire from '../src/wire.ts'

describe('what the package gives', () => {
  it('to users of terminals is connecting, reading, and the names of numbers', () => {
    expect(Object.keys(library).toSorted()).toEqual([
      'DEFAULT_PORT',
      'DEFAULT_TIMEOUTS',
      'NO_VERIFY_MODE',
      'PUNCH_STATES',
      'Punch',
      'Terminal',
      'VERIFY_MODES',
      'ZK_ERRORS',
      'ZkError',
      'ZkProtocolError',
      'ZkRefusedError',
      'ZkTransportError',
      'ZkUsageError',
      'checkNameEncoding',
      'connect',
      'formatPackedTime',
      'formatWallTime',
      'isRealPackedTime',
      'isRealWallTime',
      'packTime',
      'parseWallTime',
      'privilegeLevel',
      'punchStateName',
      'unpackTime',
      'verifyModeName',
    ])
  })

  it('to simulators and analysers are both ends of a session and every declaration', () => {
    expect(wire.COMMANDS.length).toBeGreaterThan(20)
    expect([typeof wire.TerminalSession, typeof wire.ClientSession, typeof wire.layout]).toEqual([
      'function',
      'function',
      'function',
    ])
    expect(wire.ZkError).toBe(library.ZkError)
  })
})
