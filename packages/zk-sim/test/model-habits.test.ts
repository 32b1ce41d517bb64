// What the sources leave open is a setting of the model: each habit on the wire, as it is and as it can be.
import { CODES, REPLIES, scrambleCommKey } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { encodePerson } from '../src/person-record.ts'
import { profileNamed, type Profile } from '../src/profile.ts'
import { startTerminal } from '../src/simulated-terminal.ts'
import { bareConversation } from './support/bare-conversation.ts'
import { RawClient } from './support/raw-client.ts'

const NO_DATA = new Uint8Array(0)

describe('a model whose writes show only after CMD_REFRESHDATA', () => {
  it('keeps them until then, or until a restart', async () => {
    const profile: Profile = { ...profileNamed('typical'), writesShow: 'after-refresh' }
    await using at = await bareConversation({ profile })
    const record = encodePerson('person/72', { uid: 9, pin: '9', name: 'New' })
    expect(await at.codeOf(CODES.USER_WRQ, record)).toBe(REPLIES.ACK_OK)
    expect(await at.codeOf(CODES.DELETE_USER, Uint8Array.of(1, 0))).toBe(REPLIES.ACK_OK)
    expect(at.memory.people.list().map(({ uid }) => uid)).toEqual([1, 2, 3])
    expect(await at.codeOf(CODES.REFRESHDATA)).toBe(REPLIES.ACK_OK)
    expect(at.memory.people.list().map(({ uid }) => uid)).toEqual([2, 3, 9])
    await at.ask(CODES.DELETE_USER, Uint8Array.of(2, 0))
    at.memory.restart()
    expect(at.memory.people.list().map(({ uid }) => uid)).toEqual([3, 9])
  })
})

describe('CMD_CLEAR_DATA', () => {
  it.each([
    [1, 'records', [3, 0, 1, 2]],
    [2, 'templates', [3, 5, 0, 2]],
    [3, 'nothing', [3, 5, 1, 2]],
    [4, 'the operation log', [3, 5, 1, 0]],
    [5, 'people with their templates', [0, 5, 0, 2]],
  ])('with %i clears %s', async (type, _, left) => {
    await using at = await bareConversation()
    at.memory.templates.store(1, 0, Uint8Array.of(1))
    expect(await at.codeOf(CODES.CLEAR_DATA, Uint8Array.of(type))).toBe(REPLIES.ACK_OK)
    const { people, log, templates, operations } = at.memory
    expect([people.count, log.count, templates.count, operations.count]).toEqual(left)
  })

  it('with a number that no table has clears everything where the model does the worst', async () => {
    const profile: Profile = { ...profileNamed('typical'), clearsOnUnknownType: true }
    await using at = await bareConversation({ profile })
    // An ASCII digit is no number of a table.
    expect(await at.codeOf(CODES.CLEAR_DATA, Uint8Array.of(0x35))).toBe(REPLIES.ACK_OK)
    expect([at.memory.people.count, at.memory.log.count]).toEqual([0, 0])
  })
})

describe('an operation log', () => {
  it('is not written by clients where the model keeps it for its menu', async () => {
    await using at = await bareConversation({
      profile: { ...profileNamed('typical'), recordsClients: false },
    })
    await at.ask(CODES.UNLOCK, Uint8Array.of(10, 0, 0, 0))
    expect(at.memory.truth().operations.map(({ name }) => name)).toEqual(['power on'])
    at.terminal.hand.setOption('LockOn', '3')
    expect(at.memory.operations.count).toBe(2)
  })

  it('is read directly, and by its data type, as it is read through the buffer', async () => {
    await using at = await bareConversation()
    const table = Buffer.from(at.memory.operations.snapshot()).toString('hex')
    for (const [code, payload] of [
      [CODES.OPLOG_RRQ, NO_DATA],
      [CODES.DB_RRQ, Uint8Array.of(4)],
      [CODES.DATA_WRRQ, Uint8Array.of(1, 34, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ] as const) {
      const answer = await at.ask(code, payload)
      expect([answer.command, Buffer.from(answer.payload.subarray(4)).toString('hex')]).toEqual([
        REPLIES.DATA,
        table,
      ])
    }
  })
})

describe('keys', () => {
  it('are right no more after as many wrong ones as the model bears', async () => {
    const profile: Profile = { ...profileNamed('typical'), authTries: 2 }
    await using terminal = await startTerminal({ profile, commKey: 5, people: 1, punches: 0 })
    await using client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    const tryKey = async (key: number, replyId: number): Promise<number> =>
      (await client.ask({ command: CODES.AUTH, session, replyId, payload: scrambleCommKey(key, session) }))
        .command
    const tries = [await tryKey(6, 1), await tryKey(7, 2), await tryKey(5, 3)]
    expect(tries).toEqual([REPLIES.ACK_UNAUTH, REPLIES.ACK_UNAUTH, REPLIES.ACK_UNAUTH])
  })
})

describe('a request without a session', () => {
  it('meets silence where the model has it so', async () => {
    const profile: Profile = { ...profileNamed('typical'), withoutSession: 'silence' }
    await using terminal = await startTerminal({ profile, people: 1, punches: 0 })
    await using client = await RawClient.tcp(terminal.port)
    client.send({ command: CODES.GET_TIME, replyId: 4 })
    const { replyId } = await client.ask({ command: CODES.CONNECT, replyId: 5 })
    expect(replyId).toBe(5)
  })
})

describe('a datagram that comes twice', () => {
  it('is answered twice and carried out once, unless the model forgets', async () => {
    const typical = profileNamed('typical')
    for (const remembersLastAnswer of [true, false]) {
      await using terminal = await startTerminal({ profile: { ...typical, remembersLastAnswer }, people: 1 })
      await using client = await RawClient.udp(terminal.port)
      const { session } = await client.ask({ command: CODES.CONNECT })
      const unlock = { command: CODES.UNLOCK, session, replyId: 1, payload: Uint8Array.of(10, 0, 0, 0) }
      const answers = [await client.ask(unlock), await client.ask(unlock)]
      expect(answers.map(({ command, replyId }) => [command, replyId])).toEqual([
        [REPLIES.ACK_OK, 1],
        [REPLIES.ACK_OK, 1],
      ])
      expect(terminal.memory.door.unlocks).toHaveLength(remembersLastAnswer ? 1 : 2)
      await client.ask({ ...unlock, replyId: 2 })
      expect(terminal.memory.door.unlocks).toHaveLength(remembersLastAnswer ? 2 : 3)
    }
  })
})
