// Short messages: kept byte for byte by their number, bounded, shown to people who are there.
import { sms72 } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { ShortMessages } from '../src/short-messages.ts'

function message(id: number, text = 'Hi'): Uint8Array {
  return sms72.encode({ tag: 253, id, validMinutes: 5, startTime: 9, text: new TextEncoder().encode(text) })
}

describe('short messages', () => {
  it('are kept by their number and overwritten in place, as many as there is room for', () => {
    const messages = new ShortMessages(2)
    expect(
      [message(1), message(2), message(3), message(0), message(1, 'Ho')].map((raw) => messages.store(raw)),
    ).toEqual([true, true, false, false, true])
    expect(messages.get(1)).toEqual(message(1, 'Ho'))
    expect(messages.table()).toHaveLength(2 * sms72.sizeBytes)
    expect(messages.list()).toEqual([message(1, 'Ho'), message(2)])
  })

  it('are shown to people once each, and no more when either is gone', () => {
    const messages = new ShortMessages(9)
    for (const id of [1, 2]) messages.store(message(id))
    const links = [
      { uid: 7, id: 1 },
      { uid: 7, id: 1 },
      { uid: 7, id: 2 },
      { uid: 65_535, id: 2 },
      { uid: 7, id: 9 },
    ]
    expect(links.map((link) => messages.link(link))).toEqual([true, true, true, true, false])
    expect([...messages.linkTable()]).toEqual([7, 0, 1, 0, 7, 0, 2, 0, 255, 255, 2, 0])
    expect([messages.unlink({ uid: 7, id: 1 }), messages.unlink({ uid: 7, id: 1 })]).toEqual([true, false])
    messages.unlinkAllOf(65_535)
    expect(messages.links()).toEqual([{ uid: 7, id: 2 }])
    expect([messages.remove(2), messages.remove(2), messages.links()]).toEqual([true, false, []])
    messages.clear()
    expect(messages.count).toBe(0)
  })
})
