// Requests are checked against their schemas before a handler sees them. Bodies are taken as they are or refused, never trimmed
// or coerced; paths and queries are text, so their numbers are read first. A body that is left out counts as {}.
import { validationError } from '@org/core'
import type { FieldFault, ServiceError } from '@org/core'
import type { FastifyError, FastifyServerOptions, RouteOptions, preValidationHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { FORMATS, formatSentence } from './formats.ts'

/** How schemas are checked: every fault at once, nothing changed on the way. */
export const ajvOptions: NonNullable<FastifyServerOptions['ajv']> = {
  customOptions: {
    allErrors: true,
    coerceTypes: false,
    useDefaults: false,
    removeAdditional: false,
    formats: Object.fromEntries(Object.entries(FORMATS).map(([name, { check }]) => [name, check])),
  },
}

/** A body of a million unknown fields would otherwise be answered with a million faults. */
const MAX_FAULTS = 100

/** A canonical whole number: what a client that sends a number would write. */
const WHOLE_NUMBER = /^-?(?:0|[1-9]\d{0,15})$/

/** Content types, absent bodies, numbers in paths and queries. */
export const validation = fp(
  async (app) => {
    const parseJson = app.getDefaultJsonParser('error', 'error')
    app.removeAllContentTypeParsers()
    app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
      if (bytes.length === 0) return done(null, undefined)
      const text = decodeUtf8(bytes)
      if (text === undefined) return done(bodyFault('is not valid UTF-8'))
      return parseJson(request, text, (error, body) => {
        if (error === null) done(null, body)
        else done(bodyFault(sentenceOfParser(error)))
      })
    })

    app.addHook('onRoute', (route) => {
      route.preValidation = [prepareRequest(route), ...[route.preValidation ?? []].flat()]
    })
  },
  { name: 'validation', fastify: '5.x' },
)

/** Gives an absent body as {}, and path and query with their numbers read. */
function prepareRequest({ schema }: RouteOptions): preValidationHookHandler {
  const readParams = textReader(schema?.params)
  const readQuery = textReader(schema?.querystring)
  const takesBody = schema?.body !== undefined
  return (request, _reply, done) => {
    request.params = readParams(request.params)
    request.query = readQuery(request.query)
    if (takesBody && request.body === undefined) request.body = {}
    if (takesBody || isNothing(request.body)) done()
    else done(bodyFault('is not taken here'))
  }
}

/** No body, or an object without fields: what some clients send with every request. */
function isNothing(body: unknown): boolean {
  if (body === undefined) return true
  return typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0
}

interface FieldSchema {
  readonly type?: unknown
  readonly default?: unknown
}

/** Reads the text values of a flat object as its schema's types; what cannot be read stays text and fails its check. */
function textReader(schema: unknown): (values: unknown) => unknown {
  const fields = fieldsOf(schema)
  if (fields.length === 0) return (values) => values
  return (values) => {
    const read: Record<string, unknown> = { ...(typeof values === 'object' ? values : undefined) }
    for (const [name, field] of fields) {
      const value = Object.hasOwn(read, name) ? read[name] : field.default
      if (value !== undefined) read[name] = field.type === 'integer' ? readWholeNumber(value) : value
    }
    return read
  }
}

function fieldsOf(schema: unknown): readonly (readonly [string, FieldSchema])[] {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return []
  const { properties } = schema
  return typeof properties === 'object' && properties !== null ? Object.entries(properties) : []
}

function readWholeNumber(value: unknown): unknown {
  return typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : value
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function sentenceOfParser(error: Error): string {
  return error.message.includes('prototype property')
    ? 'must not name __proto__ or constructor.prototype'
    : 'is not valid JSON'
}

function bodyFault(message: string): ServiceError {
  return validationError([{ field: 'body', message }])
}

type Finding = NonNullable<FastifyError['validation']>[number]

const PARTS: Readonly<Record<string, string>> = { querystring: 'query', params: 'path' }

/** Every fault that a schema check found, as the field's path in dots and a sentence. */
export function faultsOf(error: FastifyError): readonly FieldFault[] {
  const part = error.validationContext ?? 'body'
  const whole = PARTS[part] ?? part
  return (error.validation ?? []).slice(0, MAX_FAULTS).map((finding) => ({
    field: fieldOf(finding) || whole,
    message: sentenceOf(finding),
  }))
}

function fieldOf({ instancePath, keyword, params }: Finding): string {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (keyword === 'required') path.push(String(params['missingProperty']))
  if (keyword === 'additionalProperties') path.push(String(params['additionalProperty']))
  return path.join('.')
}

function sentenceOf({ keyword, params, message }: Finding): string {
  if (keyword === 'required') return 'is required'
  if (keyword === 'additionalProperties') return 'is not a known field'
  if (keyword === 'enum' && Array.isArray(params['allowedValues']))
    return `must be one of ${params['allowedValues'].join(', ')}`
  if (keyword === 'format') return formatSentence(String(params['format'])) ?? message ?? 'has the wrong form'
  return message ?? 'is not valid'
}
