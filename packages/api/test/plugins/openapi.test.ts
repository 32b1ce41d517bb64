// The document: complete, true to itself, and shown by a page that needs no network.
import { describe, expect, it } from 'vitest'
import { faultsBySchema, operationsOf } from '../support/document.ts'
import type { Document } from '../support/document.ts'
import { listening } from '../support/listening.ts'

async function readDocument(path = '/openapi.json'): Promise<Document> {
  await using api = await listening()
  return (await api.client.get(path)).body as Document
}

const document = await readDocument()
const operations = operationsOf(document).map((it) => ({ ...it, name: `${it.method} ${it.path}` }))

describe('the OpenAPI document', () => {
  it('is of version 3.1 and the same in both places', async () => {
    expect(document.openapi).toBe('3.1.0')
    expect(await readDocument('/api/v1/openapi.json')).toEqual(document)
  })

  it('has every endpoint, and only below the base path', () => {
    expect(operations.map(({ name }) => name).sort()).toEqual([
      'DELETE /api/v1/attendance/device/{deviceId}',
      'DELETE /api/v1/auth/accounts/{accountId}',
      'DELETE /api/v1/auth/api-keys/{apiKeyId}',
      'DELETE /api/v1/devices/{deviceId}',
      'DELETE /api/v1/users/device/{deviceId}/{userId}',
      'GET /api/v1/attendance',
      'GET /api/v1/attendance/device/{deviceId}',
      'GET /api/v1/attendance/export',
      'GET /api/v1/attendance/stream',
      'GET /api/v1/attendance/user/{userId}',
      'GET /api/v1/audit',
      'GET /api/v1/audit/verify',
      'GET /api/v1/auth/accounts',
      'GET /api/v1/auth/api-keys',
      'GET /api/v1/auth/me',
      'GET /api/v1/devices',
      'GET /api/v1/devices/{deviceId}',
      'GET /api/v1/devices/{deviceId}/info',
      'GET /api/v1/devices/{deviceId}/status',
      'GET /api/v1/health/live',
      'GET /api/v1/health/ready',
      'GET /api/v1/metrics',
      'GET /api/v1/queue/jobs',
      'GET /api/v1/queue/jobs/{jobId}',
      'GET /api/v1/queue/stats',
      'GET /api/v1/users',
      'GET /api/v1/users/device/{deviceId}',
      'PATCH /api/v1/auth/accounts/{accountId}',
      'PATCH /api/v1/devices/{deviceId}',
      'POST /api/v1/attendance/device/{deviceId}/sync',
      'POST /api/v1/auth/api-keys',
      'POST /api/v1/auth/change-password',
      'POST /api/v1/auth/login',
      'POST /api/v1/auth/logout',
      'POST /api/v1/auth/refresh',
      'POST /api/v1/auth/register',
      'POST /api/v1/cache/clear',
      'POST /api/v1/devices',
      'POST /api/v1/devices/{deviceId}/restart',
      'POST /api/v1/devices/{deviceId}/sync-time',
      'POST /api/v1/devices/{deviceId}/unlock',
      'POST /api/v1/notifications/test',
      'POST /api/v1/queue/jobs/{jobId}/cancel',
      'POST /api/v1/users/device/{deviceId}',
      'POST /api/v1/users/device/{deviceId}/syncUserToDb',
      'POST /api/v1/users/device/{deviceId}/syncUserToDevice',
      'PUT /api/v1/devices/{deviceId}',
      'PUT /api/v1/users/device/{deviceId}/{userId}',
    ])
  })

  it('refers to nothing that it does not have', () => {
    const refs = JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)
    for (const [, pointer = ''] of refs) {
      const target = pointer
        .split('/')
        .slice(1)
        .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document)
      expect({ pointer, found: target !== undefined }).toEqual({ pointer, found: true })
    }
  })

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(operations.length)
  })

  it('shows nothing of how it was made', () => {
    const traces = JSON.stringify(document).match(/"(?:\$id|~kind|x-(?!role|devices)[a-z-]+)":/)
    expect(traces).toBeNull()
  })
})

describe.each(operations)('$name', ({ method, path, operation }) => {
  it('says what it does, who may call it, and where it belongs', () => {
    expect(operation.summary).toMatch(/\S{2,}/)
    expect(operation.operationId).toMatch(/^[a-z]\w+$/)
    expect(operation.tags).toHaveLength(1)
    expect(['anyone', 'user', 'operator', 'admin']).toContain(operation['x-role'])
    const open = operation['x-role'] === 'anyone'
    expect([[], [{ bearer: [] }], [{ bearer: [] }, { apiKey: [] }]]).toContainEqual(operation.security)
    expect(operation.security?.length === 0).toBe(open)
    expect(['path', 'filtered', 'none', 'all', undefined]).toContain(operation['x-devices'])
    expect(operation['x-devices'] === undefined).toBe(open)
  })

  it('describes each parameter with an example that fits it', () => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const parameters = operation.parameters ?? []
    expect(parameters.filter((it) => it.in === 'path').map(({ name }) => name)).toEqual(named)
    for (const { name, schema, example, description } of parameters) {
      expect({ name, description }).toEqual({ name, description: expect.stringMatching(/\S/) })
      expect({ name, faults: faultsBySchema(document, schema, example) }).toEqual({ name, faults: [] })
    }
  })

  it('shows a body for each answer, and each fits its schema', () => {
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      expect({ status, description }).toEqual({ status, description: expect.stringMatching(/\S/) })
      if (status === '304') continue
      expect(Object.keys(content ?? {})).not.toEqual([])
      for (const [type, media] of Object.entries(content ?? {})) {
        const inSchema = (media.schema['examples'] ?? []) as readonly unknown[]
        const shown = [
          media.example,
          ...Object.values(media.examples ?? {}).map((it) => it.value),
          ...inSchema,
        ]
        const examples = shown.filter((example) => example !== undefined)
        const faults = examples.flatMap((example) => faultsBySchema(document, media.schema, example))
        expect({ status, type, examples: examples.length, faults }).toEqual({
          status,
          type,
          examples: expect.toSatisfy((count: number) => count > 0),
          faults: [],
        })
      }
    }
  })

  it('knows the errors that follow from what it is', () => {
    const role = operation['x-role']
    const forPeople = operation.security?.length === 1
    const hasBody = operation.requestBody !== undefined
    const general = {
      INTERNAL_ERROR: true,
      UNAUTHORIZED: role !== 'anyone' || path.endsWith('/refresh'),
      TOKEN_EXPIRED: role !== 'anyone' || path.endsWith('/refresh'),
      FORBIDDEN: role !== 'anyone' && (role !== 'user' || forPeople || operation['x-devices'] !== 'none'),
      RATE_LIMIT_EXCEEDED: !path.includes('health'),
      PAYLOAD_TOO_LARGE: hasBody,
      UNSUPPORTED_MEDIA_TYPE: hasBody,
    }
    const codes = Object.values(operation.responses).flatMap(({ content }) =>
      Object.values(content?.['application/json']?.examples ?? {}).map(
        ({ value }) => (value as { error: { code: string } }).error.code,
      ),
    )
    expect(Object.keys(general).filter((code) => codes.includes(code))).toEqual(
      Object.entries(general)
        .filter(([, wanted]) => wanted)
        .map(([code]) => code),
    )
  })

  it('shows a body to send that fits its schema, and asks for one only where a field must be sent', () => {
    const media = operation.requestBody?.content['application/json']
    const allowed = { GET: [false], DELETE: [false, true] }[method] ?? [true]
    expect(allowed).toContain(media !== undefined)
    expect(faultsBySchema(document, media?.schema ?? {}, media?.example)).toEqual([])
    const { required, minProperties } = media?.schema ?? {}
    const mustBeSent = required !== undefined || minProperties !== undefined
    expect(operation.requestBody?.required).toBe(media && mustBeSent)
  })
})

describe('the docs page', () => {
  it('answers at the root, and the base path leads there', async () => {
    await using api = await listening()
    const page = await api.client.get('/docs/')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    const detour = await api.client.get('/api/v1/docs')
    expect(detour.status).toBe(302)
    expect(detour.headers.get('location')).toBe('/docs/')
  })

  it('loads everything it needs from here', async () => {
    await using api = await listening()
    const { text } = await api.client.get('/docs/')
    const sources = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source = '']) => source)
    expect(sources.length).toBeGreaterThan(3)
    for (const source of sources) {
      const url = new URL(source, `${api.client.address}/docs/`)
      expect(url.origin).toBe(api.client.address)
      expect({ source, status: (await fetch(url)).status }).toEqual({ source, status: 200 })
    }
  })

  it('has no script or style in its text that its own rules would stop', async () => {
    await using api = await listening()
    const { text, headers } = await api.client.get('/docs/')
    expect(text).not.toMatch(/<script(?![^>]*src=)|\son\w+=/)
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
  })
})
