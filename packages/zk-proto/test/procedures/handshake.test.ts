import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { captured, readCapture } from '../support/recorded.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

describe('the handshake', () => {
  it('needs one request when there is no key, byte for byte as recorded', () => {
    const wire = new VirtualWire({}).connected()
    const [connect = new Uint8Array(0)] = captured(readCapture('hs-tcp-connect-exit'), 'to_device')
    expect(wire.sent.map(toHex)).toEqual([toHex(connect)])
    expect(wire.client.sessionId).toBe(0x3c5c)
  })

  it('proves the key when one is asked for', () => {
    const wire = new VirtualWire({ commKey: 45 }).connected(45)
    expect(wire.terminal.asked.map(({ code, replyId }) => [code, replyId])).toEqual([
      [CODES.CONNECT, 0],
      [CODES.AUTH, 1],
    ])
  })

  it('takes the largest key', () => {
    expect(() => new VirtualWire({ commKey: 0xffffffff }).connected(0xffffffff)).not.toThrow()
  })

  it('tells a missing key from a wrong one', () => {
    expect(() => new VirtualWire({ commKey: 45 }).connected()).toThrow(
      expect.objectContaining({ code: 'ZK_KEY_REQUIRED', effect: 'refused' }),
    )
    expect(() => new VirtualWire({ commKey: 45 }).connected(46)).toThrow(
      expect.objectContaining({ code: 'ZK_KEY_WRONG', effect: 'refused' }),
    )
  })

  it('says that a firmware refuses clients when it answers anything else', () => {
    const wire = new VirtualWire({ refuse: { [CODES.CONNECT]: 4321 } })
    expect(() => wire.connected()).toThrow(
      expect.objectContaining({ code: 'ZK_CLIENTS_REFUSED', details: { replyCode: 4321 } }),
    )
  })

  it('takes an echo for no terminal', () => {
    const wire = new VirtualWire({ refuse: { [CODES.CONNECT]: CODES.CONNECT } })
    expect(() => wire.connected()).toThrow(
      expect.objectContaining({ code: 'ZK_NOT_A_TERMINAL', effect: 'none' }),
    )
  })

  it('hands on any other refusal of the key', () => {
    const wire = new VirtualWire({ commKey: 1, refuse: { [CODES.AUTH]: REPLIES.ACK_ERROR } })
    expect(() => wire.connected(1)).toThrow(expect.objectContaining({ code: 'ZK_REFUSED' }))
  })

  it('fails in bounded time when nothing answers', () => {
    const wire = new VirtualWire({ silentOn: [CODES.CONNECT] })
    const { outcome, tookMs } = wire.run(handshake(0))
    expect(outcome).toMatchObject({ ok: false, error: { code: 'ZK_TIMEOUT', effect: 'unknown' } })
    expect(tookMs).toBe(5000)
  })
})
