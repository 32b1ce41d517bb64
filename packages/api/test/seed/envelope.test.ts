// The seed document on envelopes, errors and the road of a request. Each title begins with the id of its statement.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import type { Answer } from '../support/client.ts'
import { MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  beforeAll(async () => {
    service = await wholeService(mode)
  })
  afterAll(() => service[Symbol.asyncDispose]())

  describe('in general', () => {
    it('S-GEN-02 every path begins with /api/v1', async () => {
      const document = (await service.client.get('/openapi.json')).body as { paths: object }
      expect(Object.keys(document.paths).filter((path) => !path.startsWith('/api/v1/'))).toEqual([])
    })

    it('S-GEN-08 S-GEN-10 an invalid token is 401 before anything else is looked at', async () => {
      const answer = await service.client.post('/api/v1/devices', { nonsense: true }, { token: 'wrong' })
      expect(answer.reply).toEqual(refused(401, 'UNAUTHORIZED'))
    })

    it('S-GEN-08 answers are JSON', async () => {
      const answer = await service.client.get('/api/v1/queue/stats', { token: service.admin })
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    })
  })

  describe('an answer', () => {
    it('S-ENV-01 has status true, a message and data when the request succeeded', async () => {
      const answer = await service.client.get('/api/v1/attendance', { token: service.admin })
      expect(answer.body).toMatchObject({ status: true, message: expect.any(String), data: [] })
    })

    it('S-ENV-10 S-QUE-01 needs no message where the seed shows none', async () => {
      const answer = await service.client.get('/api/v1/queue/stats', { token: service.admin })
      expect(Object.keys(answer.body as object)).toEqual(['status', 'data'])
    })
  })

  describe('an error', () => {
    let errors: Answer[]
    beforeAll(async () => {
      const { client, admin } = service
      errors = [
        await client.post('/api/v1/auth/login', { email: 'nobody@example.com', password: 'wrong' }),
        await client.post('/api/v1/auth/login', {}),
        await client.get('/api/v1/queue/stats'),
        await client.get('/api/v1/devices/999', { token: admin }),
        await client.get('/nowhere'),
        await client.ask('PATCH', '/api/v1/attendance'),
      ]
    })

    it.each([
      ['S-ENV-02 has status false', 'status', false],
      ['S-ENV-02 has a message that people can read', 'message', expect.stringMatching(/\w \w|\w-\w/)],
      ['S-ENV-03 has an upper-case code', 'error.code', expect.stringMatching(/^[A-Z][A-Z_]+$/)],
      ['S-ENV-04 has the name of an error class', 'error.type', expect.stringMatching(/^[A-Z]\w+Error$/)],
      ['S-ENV-05 has details', 'error.details', expect.toSatisfy((details) => details !== undefined)],
      ['S-ENV-06 has the time in UTC, to the second', 'metadata.timestamp', expect.stringMatching(INSTANT)],
      [
        'S-ENV-07 has the id of the request',
        'metadata.request_id',
        expect.stringMatching(/^req-[A-Za-z0-9_-]{3,64}$/),
      ],
      ['S-ENV-08 has the version of the API', 'metadata.api_version', 'v1'],
    ])('%s', (_, path, expected) => {
      expect(errors).toHaveLength(6)
      for (const { body } of errors) expect(body).toHaveProperty(path, expected)
    })

    it('S-ENV-05 names every fault of a request that is not valid', () => {
      expect(errors[1]?.reply).toEqual(
        refused(400, 'VALIDATION_ERROR', {
          details: [
            { field: 'email', message: 'is required' },
            { field: 'password', message: 'is required' },
          ],
        }),
      )
    })

    it('S-ENV-09 is whole for a failed login too', () => {
      expect(errors[0]?.reply).toEqual(refused(401, 'INVALID_CREDENTIALS'))
    })
  })

  describe('in practice', () => {
    it('S-SEC-02 every endpoint tells the limit on it', async () => {
      const { client, admin } = service
      for (const path of [
        '/api/v1/attendance',
        '/api/v1/devices',
        '/api/v1/queue/stats',
        '/api/v1/auth/login',
      ])
        expect((await client.get(path, { token: admin })).headers.get('x-ratelimit-limit')).toBe('1000000')
    })

    it('S-SEC-06 no other origin may call', async () => {
      const answer = await service.client.get('/api/v1/queue/stats', {
        token: service.admin,
        headers: { origin: 'https://evil.example' },
      })
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    })
  })
})
