import { describe, expect, it } from 'vitest'
import { enableTerminal, readClock } from '../../src/commands/terminal.ts'
import { ZkTransportError } from '../../src/errors.ts'
import { ask, hear, tidyUp } from '../../src/session/procedure.ts'
import type { Answer, Heard } from '../../src/session/procedure.ts'

const ANSWER: Answer = {
  code: 2000,
  sessionField: 1,
  payload: new Uint8Array(4),
  transfer: undefined,
  tookMs: 1,
}
const HEARD: Heard = { event: 1, payload: new Uint8Array(0), missed: 0 }

describe('a procedure', () => {
  it('that asks is resumed with an answer, and with nothing else', () => {
    for (const wrong of [undefined, HEARD]) {
      const asking = ask(readClock, undefined)
      asking.next()
      expect(() => asking.next(wrong)).toThrow(TypeError)
    }
  })

  it('that listens is resumed with an event or nothing, and with no answer', () => {
    const listening = hear(10)
    listening.next()
    expect(() => listening.next(ANSWER)).toThrow(TypeError)
    const patient = hear(10)
    patient.next()
    expect(patient.next(HEARD)).toEqual({ done: true, value: HEARD })
  })

  it('that tidies up keeps a failure of the terminal to itself, and no other one', () => {
    const tidying = tidyUp(enableTerminal, undefined)
    tidying.next()
    expect(tidying.throw(new ZkTransportError('ZK_TIMEOUT', 'silence'))).toEqual({ done: true, value: false })
    const broken = tidyUp(enableTerminal, undefined)
    broken.next()
    expect(() => broken.throw(new TypeError('a mistake in the code'))).toThrow(TypeError)
  })
})
