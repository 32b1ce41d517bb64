// The corpus of the fuzz tests: what a failing run printed is added once it is mended, beside one conversation for each end
// that conversations were seen to come to.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { emptyTally, playAgain } from '../support/fuzz-conversation.ts'
import type { WrittenDown } from '../support/fuzz-conversation.ts'

interface Find extends WrittenDown {
  readonly why: string
}

const finds = JSON.parse(readFileSync(new URL('fuzz-finds.json', import.meta.url), 'utf8')) as readonly Find[]

describe('a conversation that was written down', () => {
  it.each(finds)('ends with results or errors of our own: $why', (find) => {
    const tally = emptyTally()
    playAgain(find, tally)
    expect(tally.runs).toBe(6)
  })
})
