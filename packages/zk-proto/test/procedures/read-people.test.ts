import { describe, expect, it } from 'vitest'
import { fromHex, toHex, joinBytes } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { bulkReady } from '../../src/commands/bulk.ts'
import { TCP_SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import type { PeopleRead } from '../../src/procedures/read-people.ts'
import type { ReadProgress } from '../../src/procedures/read-progress.ts'
import { people72 } from '../support/logs.ts'
import { readVectors } from '../support/recorded.ts'
import { tableOf } from '../support/scripted-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

function read(script: Script, nameEncoding = 'auto', onProgress?: (p: ReadProgress) => void): PeopleRead {
  return new VirtualWire(script)
    .connected()
    .result(readPeople({ nameEncoding, onProgress, sliceBytes: TCP_SLICE_BYTES }))
}

const holding = (people: Uint8Array): Script => ({ people, capacity: { people: people.length / 72 } })

describe('the list of people', () => {
  it.each([1, 7, 14, 15, 70, 2000])('of %d comes whole, small ones in one answer', (count) => {
    const list = people72(count)
    const found = read(holding(list))
    expect(toHex(joinBytes(found.people.map(({ raw }) => raw)))).toBe(toHex(list))
    expect(found).toMatchObject({
      layout: 'person/72',
      recordSize: 72,
      announced: count,
      suspicious: 0,
      nameEncoding: 'utf-8',
      bytesReceived: list.length + 4,
    })
    expect(found.people[0]).toMatchObject({ uid: 1, pin: '1001', name: 'Person 1', level: 'administrator' })
  })

  it('is that of the recorded exchanges', () => {
    const { exchanges } = readVectors('exchanges') as {
      readonly exchanges: readonly {
        readonly name: string
        readonly data?: string
        readonly users?: number
        readonly first?: { readonly uid: number; readonly user_id: string; readonly privilege: number }
        readonly last?: { readonly uid: number; readonly user_id: string }
      }[]
    }
    for (const exchange of exchanges.filter(({ users }) => users !== undefined)) {
      const found = read({ people: fromHex(exchange.data ?? '').subarray(4), capacityLength: 4 })
      expect(found.people).toHaveLength(exchange.users ?? 0)
      expect(found.announced).toBeNull()
      expect(found.people[0]).toMatchObject({
        uid: exchange.first?.uid,
        pin: exchange.first?.user_id,
        privilege: exchange.first?.privilege,
      })
      expect(found.people.at(-1)).toMatchObject({ uid: exchange.last?.uid, pin: exchange.last?.user_id })
    }
  })

  it('has names in the encoding that is set, and shows which was found when none is', () => {
    const gbk = people72(3).map((value) => value)
    gbk.set(fromHex('d5c5c8fd0000000000'), 11)
    expect(read(holding(gbk), 'gbk').people[0]?.name).toBe('张三')
    const open = read(holding(gbk))
    expect(open.nameEncoding).toBe('latin1')
    expect(toHex(open.people[0]?.nameBytes ?? new Uint8Array(0))).toBe('d5c5c8fd')
  })

  it('is empty when there is nobody', () => {
    expect(read({})).toEqual({
      people: [],
      layout: undefined,
      recordSize: 0,
      announced: 0,
      suspicious: 0,
      nameEncoding: 'utf-8',
      bytesReceived: 0,
    })
    expect(
      read({ first: (request, terminal) => request.code === CODES.DATA_WRRQ && (terminal.ok(request), true) })
        .people,
    ).toEqual([])
  })

  it('tells how far it has come', () => {
    const told: ReadProgress[] = []
    read(holding(people72(2000)), 'auto', (progress) => told.push(progress))
    expect(told.map(({ phase, bytesDone }) => [phase, bytesDone])).toEqual([
      ['preparing', 0],
      ['reading', 65_472],
      ['reading', 130_944],
      ['reading', 144_004],
    ])
  })

  it('is read directly where the buffered read is unknown', () => {
    const list = people72(30)
    const found = read({ ...holding(list), refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_UNKNOWN } })
    expect(found.people).toHaveLength(30)
  })

  it('is refused when it is of no known form, or larger than uids go', () => {
    expect(() => read({ people: new Uint8Array(1200).fill(0x41), capacity: { people: 10 } })).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_RECORD' }),
    )
    const huge = tableOf(new Uint8Array(9_000_000))
    const script: Script = {
      first(request, terminal) {
        if (request.code !== CODES.DATA_WRRQ) return false
        terminal.buffer = huge
        const sizeBytes = huge.length
        terminal.ok(request, bulkReady.encode({ zero: 0, sizeBytes, sizeBytesAgain: sizeBytes, unknown9: 0 }))
        return true
      },
    }
    expect(() => read(script)).toThrow(expect.objectContaining({ code: 'ZK_TOO_LARGE' }))
  })
})
