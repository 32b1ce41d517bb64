// Lines on a stream whose reader is slow or gone.
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { StreamLines } from '../../src/cli/lines.ts'

const MIB = 1_048_576

/** A stream that takes what is written only when it is told to. */
class SlowReader extends Writable {
  text = ''
  #taken: (() => void) | undefined

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#taken = () => {
      this.text += chunk.toString()
      done()
    }
  }

  read(): void {
    for (let taken = this.#taken; taken !== undefined; taken = this.#taken) {
      this.#taken = undefined
      taken()
    }
  }
}

describe('lines', () => {
  it('that a slow reader does not take are left out and counted, not kept', () => {
    const reader = new SlowReader()
    const lines = new StreamLines(
      reader,
      (leftOut) => `${leftOut} left out`,
      () => undefined,
    )
    const long = 'x'.repeat(1_023)
    for (let count = 0; count < 5_000; count += 1) lines.write(long)
    expect(reader.writableLength).toBeLessThan(1.1 * MIB)
    const kept = reader.writableLength / 1_024
    reader.read()
    lines.write('the next')
    reader.read()
    expect(reader.text.split('\n').slice(-3)).toEqual([`${5_000 - kept} left out`, 'the next', ''])
  })

  it('end when the reader is gone, and whoever runs is told', async () => {
    const reader = new SlowReader()
    const gone = new Promise<void>((resolve) => {
      const lines = new StreamLines(reader, String, resolve)
      reader.destroy(new Error('EPIPE'))
      lines.write('to nobody')
    })
    await gone
    expect(reader.text).toBe('')
  })
})
