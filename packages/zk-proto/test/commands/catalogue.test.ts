import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes.ts'
import { CODES } from '../../src/codes.ts'
import { BULK_TABLES, bulkReady, prepareBulk, readChunk, transferHead } from '../../src/commands/bulk.ts'
import { COMMANDS, findCommand } from '../../src/commands/catalogue.ts'
import { authenticate } from '../../src/commands/connection.ts'
import { unlockDoor } from '../../src/commands/door.ts'
import { registerEvents } from '../../src/commands/live.ts'
import { readClock, readPinWidth } from '../../src/commands/terminal.ts'
import { decodePacket } from '../../src/packet.ts'
import { captured, readCapture } from '../support/recorded.ts'

function payloadOf(id: string, dir: 'to_device' | 'from_device', entry: number, wrapped = true): Uint8Array {
  const bytes = captured(readCapture(id), dir)[entry] ?? new Uint8Array(0)
  return decodePacket(wrapped ? bytes.subarray(8) : bytes).payload
}

describe('the catalogue', () => {
  it('has each name once, and a number twice only where firmware families or data tell the forms apart', () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length)
    const shared = COMMANDS.map(({ code }) => code).filter((code, i, codes) => codes.indexOf(code) !== i)
    expect(shared.toSorted((a, b) => a - b)).toEqual([
      CODES.USERTEMP_RRQ,
      CODES.CLEAR_DATA,
      CODES.GRPTZ_RRQ,
      CODES.GRPTZ_WRQ,
      CODES.STARTENROLL,
    ])
    for (const command of COMMANDS) expect(findCommand(command.code)?.code).toBe(command.code)
    expect(findCommand(4711)).toBeUndefined()
  })

  it('never repeats what opens doors, restarts, deletes or clears', () => {
    const unsafe = COMMANDS.filter(({ repeat }) => repeat === 'unsafe').map(({ code }) => code)
    const never = [
      CODES.UNLOCK,
      CODES.RESTART,
      CODES.POWEROFF,
      CODES.DELETE_USER,
      CODES.DELETE_USERTEMP,
      CODES.DEL_FPTMP,
      CODES.CLEAR_ATTLOG,
      CODES.CLEAR_DATA,
      CODES.CLEAR_OPLOG,
      CODES.CLEAR_ADMIN,
      CODES.CLEAR_ACC,
      CODES.STARTENROLL,
      CODES.PREPARE_DATA,
      CODES.DATA,
      CODES.TMP_WRITE,
      CODES.SAVE_USERTEMPS,
      CODES.SET_TIME,
    ]
    for (const code of never) expect(unsafe).toContain(code)
  })
})

describe('commands as real terminals and the vendor’s software carry them', () => {
  it('authenticate with the scrambled key', () => {
    const payload = payloadOf('hs-tcp-commkey-45', 'to_device', 1)
    expect(toHex(authenticate.request.decode(payload).scrambledKey)).toBe('61c9323c')
    expect(toHex(authenticate.request.encode({ scrambledKey: payload }))).toBe('61c9323c')
  })

  it('prepare and announce a bulk read', () => {
    expect(toHex(prepareBulk.request.encode({ one: 1, ...bulkRequestOf('people'), extra: 0 }))).toBe(
      '0109000500000000000000',
    )
    expect(toHex(prepareBulk.request.encode({ one: 1, ...bulkRequestOf('attendance'), extra: 0 }))).toBe(
      '010d000000000000000000',
    )
    const ready = bulkReady.decode(payloadOf('bulk-prepare-7572', 'from_device', 0))
    expect(ready).toMatchObject({ zero: 0, sizeBytes: 7572, sizeBytesAgain: 7572 })
    expect(transferHead.decode(payloadOf('bulk-prepare-7572', 'from_device', 1))).toEqual({
      sizeBytes: 7572,
      packetBytes: 65_536,
    })
  })

  it('ask for a chunk, a door and events', () => {
    expect(toHex(readChunk.request.encode({ start: 0, sizeBytes: 0x13b4 }))).toBe('00000000b4130000')
    expect(toHex(unlockDoor.request.encode({ delay: 50 }))).toBe('32000000')
    expect(toHex(registerEvents.request.encode({ mask: 0xffff }))).toBe(
      toHex(payloadOf('req-regevent-udp-sdk', 'to_device', 0, false)),
    )
  })

  it('answer with a width and a clock', () => {
    expect(readPinWidth.reply.decode(fromHex('09'))).toEqual({ characters: 9 })
    expect(readClock.reply.decode(fromHex('a2008433'))).toEqual({ time: 0x338400a2 })
    expect(() => readClock.reply.decode(fromHex('a200'))).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_RECORD' }),
    )
  })
})

function bulkRequestOf(table: keyof typeof BULK_TABLES): { command: number; dataType: number } {
  const { command, dataType } = BULK_TABLES[table]
  return { command, dataType }
}
