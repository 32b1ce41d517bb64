// On whose behalf something is done: what is taken from a request, how far it follows the work, and that strangers cannot bend it.
import { setTimeout as sleep } from 'node:timers/promises'
import { assert, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLog, logOf, onBehalfOf, originOf } from '../src/index.ts'
import { currentOrigin, parseOrigin } from '../src/work-origin.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'
const request = 'req-origin'

describe('the origin of a request', () => {
  it.each([
    `00-${trace}-${span}-01`,
    `00-${trace}-${span}-00`,
    `01-${trace}-${span}-01`,
    `cc-${trace}-${span}-01-what-the-future-adds`,
  ])('takes trace and span of %s', (traceparent) => {
    expect(originOf(request, traceparent)).toEqual({ request_id: request, trace_id: trace, span_id: span })
  })

  it.each([
    undefined,
    '',
    `${trace}-${span}`,
    `00-${trace}-${span}`,
    `00-${trace}-${span}-1`,
    `00-${trace}-${span}-01-more`,
    `ff-${trace}-${span}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace}-${span}-01, 00-${trace}-${span}-01`,
    ` 00-${trace}-${span}-01`,
    `00-${trace}-${span}-01\n{"level":60}`,
    `cc-${trace}-${span}-01-${'a'.repeat(300)}`,
    ['00', trace, span, '01'],
  ])('has no trace where the header is %j', (traceparent) => {
    expect(originOf(request, traceparent)).toEqual({ request_id: request })
  })

  it('is of the same form whatever comes', () => {
    assert(
      property(string(), (traceparent) => {
        const origin = originOf(request, traceparent)
        expect(parseOrigin(origin)).toEqual(origin)
      }),
    )
  })
})

it('is read from a row only where it is one', () => {
  const origin = { request_id: request, trace_id: trace, span_id: span }
  expect(parseOrigin(origin)).toEqual(origin)
  expect(parseOrigin({ ...origin, span_id: 'x' })).toBeUndefined()
  expect(parseOrigin({ request_id: 'anything' })).toBeUndefined()
  expect(parseOrigin('req-origin')).toBeUndefined()
})

describe('the log', () => {
  const lines: Record<string, unknown>[] = []
  const raw: string[] = []
  const log = createLog('info', {
    write: (line) => {
      raw.push(line)
      lines.push(JSON.parse(line) as Record<string, unknown>)
    },
  })

  it('names the request in every line that is written on its behalf, and in no other', async () => {
    const work = async (name: string) => {
      log.info({ name }, 'begun')
      await sleep(5)
      log.child({ part: 1 }).info({ name }, 'done')
    }
    await Promise.all([
      onBehalfOf(originOf('req-one', `00-${trace}-${span}-01`), () => work('one')),
      onBehalfOf(originOf('req-two', undefined), () => work('two')),
      work('nobody'),
    ])
    const of = (name: string) => lines.filter((line) => line['name'] === name)
    expect(of('one')).toHaveLength(2)
    for (const line of of('one'))
      expect(line).toMatchObject({ request_id: 'req-one', trace_id: trace, span_id: span })
    for (const line of of('two')) {
      expect(line).toMatchObject({ request_id: 'req-two' })
      expect(line).not.toHaveProperty('trace_id')
    }
    for (const line of of('nobody')) expect(line).not.toHaveProperty('request_id')
  })

  it('names it once, where the log and the work are both the request’s', () => {
    const origin = originOf('req-once', `00-${trace}-${span}-01`)
    onBehalfOf(origin, () => logOf(log, origin).child({ part: 2 }).info('both'))
    expect(raw.at(-1)?.match(/request_id/g)).toHaveLength(1)
    expect(lines.at(-1)).toMatchObject(origin)
  })

  it('can be left by work that is for all', () => {
    onBehalfOf(originOf('req-first', undefined), () => {
      expect(onBehalfOf(undefined, currentOrigin)).toBeUndefined()
      expect(currentOrigin()).toEqual({ request_id: 'req-first' })
    })
  })
})
