// What the log must not say.
import { describe, expect, it } from 'vitest'
import { createLog } from '../src/index.ts'

describe('the log', () => {
  it('never writes a secret, wherever in a logged object it stands', () => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const secrets = { password: 'hunter2', commKey: 424242, access_token: 'hunter2', 'x-api-key': 'hunter2' }
    log.info(
      { ...secrets, body: secrets, req: { headers: { authorization: 'Bearer hunter2', cookie: 'hunter2' } } },
      'x',
    )
    expect(lines.join('')).not.toMatch(/hunter2|424242/)
    expect(lines.join('')).toContain('[redacted]')
  })

  it('writes one line of JSON with a time that people can read', () => {
    const lines: string[] = []
    createLog('info', { write: (line) => void lines.push(line) }).info('hello')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'hello',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect(lines).toHaveLength(1)
  })

  it('is as loud as it is told', () => {
    const lines: string[] = []
    createLog('error', { write: (line) => void lines.push(line) }).info('hello')
    expect(lines).toEqual([])
  })
})
