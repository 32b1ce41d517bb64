// A failure that lasts is told twice: when it begins and when it ends.
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { Outage } from '../../src/jobs/outage.ts'

it('logs the beginning and the end of an outage, and nothing in between', () => {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)).msg)
      done()
    },
  })
  const outage = new Outage(pino(stream), 'carrying jobs')
  outage.over()
  expect([1, 2, 3].map(() => outage.failed(new Error('away')))).toEqual([1, 2, 3])
  outage.over()
  outage.over()
  outage.failed(new Error('away again'))
  expect(lines).toEqual([
    'carrying jobs fails; jobs go on when it works again',
    'carrying jobs works again',
    'carrying jobs fails; jobs go on when it works again',
  ])
})
