import { describe, expect, it } from 'vitest'
import * as library from '../src/index.ts'
import * as wire from '../src/wire.ts'

describe('what the package gives', () => {
  it('to users of terminals is connecting, what a terminal can do, and the names of numbers', () => {
    expect(Object.keys(library).toSorted()).toEqual([
      'ALL_EVENTS',
      'AttendanceColumns',
      'DEFAULT_PORT',
      'DEFAULT_TIMEOUTS',
      'EVENTS',
      'KNOWN_OPTIONS',
      'NO_VERIFY_MODE',
      'OPERATIONS',
      'PUNCH_STATES',
      'Punch',
      'TEMPLATE_FLAGS',
      'Terminal',
      'VERIFY_MODES',
      'VOICES',
      'ZK_ERRORS',
      'ZkError',
      'ZkProtocolError',
      'ZkRefusedError',
      'ZkTransportError',
      'ZkUsageError',
      'checkNameEncoding',
      'connect',
      'copyPeople',
      'eventName',
      'fieldsToCopy',
      'formatPackedTime',
      'formatWallTime',
      'isRealPackedTime',
      'isRealWallTime',
      'joinPeople',
      'nextUid',
      'operationName',
      'packTime',
      'parseWallTime',
      'privilegeLevel',
      'probe',
      'punchStateName',
      'sameTemplate',
      'templateVersion',
      'unpackTime',
      'verifyModeName',
      'watch',
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
