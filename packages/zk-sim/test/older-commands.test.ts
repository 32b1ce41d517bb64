// What older clients ask: a template in one packet, the speed of a line.
import { CODES, REPLIES } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { changeSpeed, writeTemplateAtOnce } from '../src/responders/older-commands.ts'
import { bareConversation } from './support/bare-conversation.ts'

describe('a template in one packet', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5)
  const request = (uid: number, finger = 2): Uint8Array =>
    writeTemplateAtOnce.request.encode({ uid, finger, flag: 1, bytes })

  it('is stored where the person is there and the finger free', async () => {
    await using at = await bareConversation()
    expect(await at.codeOf(CODES.USERTEMP_WRQ, request(1))).toBe(REPLIES.ACK_OK)
    expect(at.memory.templates.list()).toEqual([{ uid: 1, finger: 2, flag: 1, bytes }])
    expect(await at.codeOf(CODES.USERTEMP_WRQ, request(1))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.USERTEMP_WRQ, request(99))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.USERTEMP_WRQ, request(1, 10))).toBe(REPLIES.ACK_ERROR)
  })

  it('is refused when bytes are missing, or there are none', async () => {
    await using at = await bareConversation()
    expect(await at.codeOf(CODES.USERTEMP_WRQ, request(1).subarray(0, -1))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.USERTEMP_WRQ, new Uint8Array(6))).toBe(REPLIES.ACK_ERROR)
    expect(at.memory.templates.count).toBe(0)
  })
})

describe('the speed of a serial line', () => {
  it('may be changed, and nothing comes of it', async () => {
    await using at = await bareConversation()
    expect(await at.codeOf(CODES.CHANGE_SPEED, changeSpeed.request.encode({ faster: 1 }))).toBe(
      REPLIES.ACK_OK,
    )
  })
})
