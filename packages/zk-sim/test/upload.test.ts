// Uploads by bare packets: announced, sent in pieces, taken by the command that follows, freed.
import { BULK_TABLES, bulkRequest, CODES, REPLIES, writeTemplate } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { madeUpTemplate } from '../src/made-up-template.ts'
import { profileNamed } from '../src/profile.ts'
import { bareConversation } from './support/bare-conversation.ts'

describe('an upload', () => {
  const u32 = (value: number): Uint8Array => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return bytes
  }
  const template = madeUpTemplate('10', { serialNumber: 'x', uid: 1, finger: 3 })

  async function upload(at: Awaited<ReturnType<typeof bareConversation>>, bytes: Uint8Array): Promise<void> {
    expect(await at.codeOf(CODES.PREPARE_DATA, u32(bytes.length))).toBe(REPLIES.ACK_OK)
    for (let start = 0; start < bytes.length; start += 1_024) {
      expect(await at.codeOf(CODES.DATA, bytes.subarray(start, start + 1_024))).toBe(REPLIES.ACK_OK)
    }
  }

  const write = (sizeBytes: number): Uint8Array =>
    writeTemplate.request.encode({ uid: 1, finger: 3, flag: 1, sizeBytes })

  it('is not taken where it could not be read again, and the others still can', async () => {
    await using at = await bareConversation()
    const longest = new Uint8Array(0xffff).fill(7)
    await upload(at, longest)
    expect(await at.codeOf(CODES.TMP_WRITE, write(longest.length))).toBe(REPLIES.ACK_ERROR)
    const table = bulkRequest.encode({ one: 1, ...BULK_TABLES.templates, extra: 0 })
    expect(await at.codeOf(CODES.DATA_WRRQ, table)).not.toBe(REPLIES.ACK_ERROR)
  })

  it('may come in pieces of a byte, or of none', async () => {
    await using at = await bareConversation()
    expect(await at.codeOf(CODES.PREPARE_DATA, u32(3))).toBe(REPLIES.ACK_OK)
    for (const piece of [[1], [], [2], [3]])
      expect(await at.codeOf(CODES.DATA, Uint8Array.from(piece))).toBe(REPLIES.ACK_OK)
    expect(await at.codeOf(CODES.DATA, Uint8Array.of(4))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.TMP_WRITE, write(3))).toBe(REPLIES.ACK_OK)
    expect(at.memory.templates.get(1, 3)?.bytes).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('becomes a template once, is freed, and does not replace one that is there', async () => {
    await using at = await bareConversation()
    await upload(at, template)
    expect((await at.ask(CODES.CHECKSUM_BUFFER)).payload).toHaveLength(4)
    expect(await at.codeOf(CODES.TMP_WRITE, write(template.length - 1))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.TMP_WRITE, write(template.length))).toBe(REPLIES.ACK_OK)
    expect(at.memory.templates.get(1, 3)?.bytes).toEqual(template)
    expect(await at.codeOf(CODES.TMP_WRITE, write(template.length))).toBe(REPLIES.ACK_ERROR)
    await upload(at, template)
    expect(await at.codeOf(CODES.TMP_WRITE, write(template.length))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.FREE_DATA)).toBe(REPLIES.ACK_OK)
    expect(await at.codeOf(CODES.CHECKSUM_BUFFER)).toBe(REPLIES.ACK_ERROR)
  })

  it('replaces a template where the model lets it', async () => {
    await using at = await bareConversation({
      profile: { ...profileNamed('typical'), wantsEmptyFinger: false },
    })
    at.memory.templates.store(1, 3, Uint8Array.of(1))
    await upload(at, template)
    expect(await at.codeOf(CODES.TMP_WRITE, write(template.length))).toBe(REPLIES.ACK_OK)
    expect(at.memory.templates.get(1, 3)?.bytes).toEqual(template)
  })

  it('is refused when it is larger than announced, or than the terminal takes', async () => {
    await using at = await bareConversation()
    expect(await at.codeOf(CODES.PREPARE_DATA, u32(16 * 1024 * 1024 + 1))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.PREPARE_DATA, u32(4))).toBe(REPLIES.ACK_OK)
    expect(await at.codeOf(CODES.DATA, new Uint8Array(5))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.DATA, new Uint8Array(4))).toBe(REPLIES.ACK_OK)
    expect(await at.codeOf(CODES.DATA, new Uint8Array(1))).toBe(REPLIES.ACK_ERROR)
  })

  it('of people and templates is refused when it is not whole', async () => {
    await using at = await bareConversation()
    await upload(at, new Uint8Array(30).fill(9))
    const save = Uint8Array.of(12, 0, 0, 0, 0, 0, 8, 0)
    expect(await at.codeOf(CODES.SAVE_USERTEMPS, save)).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.SAVE_USERTEMPS, Uint8Array.of(11, 0, 0, 0, 0, 0, 8, 0))).toBe(
      REPLIES.ACK_ERROR,
    )
  })

  it('ends with its session', async () => {
    await using at = await bareConversation()
    await upload(at, template)
    await at.ask(CODES.EXIT)
    const { session } = await at.client.ask({ command: CODES.CONNECT })
    const again = await at.client.ask({ command: CODES.CHECKSUM_BUFFER, session, replyId: 1 })
    expect(again.command).toBe(REPLIES.ACK_ERROR)
  })
})
