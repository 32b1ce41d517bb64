// The envelope of every answer: `status`, `message`, `data` on success, the standard error otherwise. Routes declare their
// answers with `success` and `failures`; the sentences and codes of errors come from core's table.
import { ERRORS } from '@org/core'
import type { ErrorEntry, ErrorName } from '@org/core'
import { Type } from 'typebox'
import type { TSchema } from 'typebox'
import { exampleOf } from './examples.ts'
import { Instant } from './instant.ts'
import { Pagination } from './paging.ts'

/** Version of the API, in `metadata.api_version` of every error. */
export const API_VERSION = 'v1'

const FieldFault = Type.Object(
  {
    field: Type.String({
      description: 'Path of the field in dots; `body` for the whole',
      examples: ['email'],
    }),
    message: Type.String({ examples: ['must be an e-mail address'] }),
  },
  { $id: 'FieldFault', description: 'One fault of a request' },
)

/** The standard error: `status: false`, a sentence, `error` and `metadata`. Every error carries all of these fields. */
export const ErrorReply = Type.Object({
  status: Type.Literal(false),
  message: Type.String({ description: 'Readable by people' }),
  error: Type.Object(
    {
      code: Type.String({ description: 'Upper-case code, stable; programs decide by it' }),
      type: Type.String({ description: 'Class name of the error' }),
      details: Type.Union(
        [
          Type.Array(FieldFault, { description: 'Every fault of the request at once' }),
          Type.String(),
          Type.Record(Type.String(), Type.Unknown(), { description: 'Facts of this error, by name' }),
          Type.Null(),
        ],
        { description: 'More about the error; an array of faults when the request is not valid' },
      ),
    },
    { $id: 'ErrorBody', description: 'What went wrong' },
  ),
  metadata: Type.Object(
    {
      timestamp: Instant('When the error was answered'),
      request_id: Type.String({ description: 'Also in the `x-request-id` header and in the log' }),
      api_version: Type.Literal(API_VERSION),
    },
    { $id: 'ErrorMetadata', description: 'Which request it was' },
  ),
})

const Ok = Type.Literal(true, { description: 'true: the request succeeded' })
const Message = (message: string) => Type.String({ description: 'Readable by people', examples: [message] })

/** The answer of a request that succeeded. */
export function success<const Data extends TSchema>(message: string, data: Data) {
  const schema = Type.Object({ status: Ok, message: Message(message), data })
  return described(schema, message)
}

/** The same where there is nothing to tell but that it was done. */
export function successOnly(message: string) {
  const data = Type.Null({ description: 'There is nothing more to tell', examples: [null] })
  return success(message, data)
}

/** The same without a message, where the seed document shows none. */
export function successWithoutMessage<const Data extends TSchema>(description: string, data: Data) {
  return described(Type.Object({ status: Ok, data }), description)
}

/** A list: `data` is an array, `pagination` stands beside it. */
export function successList<const Item extends TSchema>(message: string, item: Item) {
  const schema = Type.Object({
    status: Ok,
    message: Message(message),
    data: Type.Array(item),
    pagination: Pagination,
  })
  return described(schema, message)
}

/** The answer to whoever has the same body already: none. */
export const NOT_MODIFIED = Type.Null({ description: 'The body is still the one that `if-none-match` names' })

function described<const Schema extends TSchema>(schema: Schema, description: string): Schema {
  return { ...schema, description, examples: [exampleOf(schema)] }
}

/** Body of an answer that succeeded. */
export function succeeded<Data>(message: string, data: Data): { status: true; message: string; data: Data } {
  return { status: true, message, data }
}

/** Which errors a response schema stands for. Kept beside the schemas, so that the document does not show it. */
const namesOfFailures = new WeakMap<object, readonly ErrorName[]>()

/** The errors that a response schema of `failures` stands for; none for any other. */
export function errorNamesOf(response: unknown): readonly ErrorName[] {
  return typeof response === 'object' && response !== null ? (namesOfFailures.get(response) ?? []) : []
}

/** Response schemas of the errors that a route can answer, one a status, each error an example of its own. */
export function failures(...names: readonly ErrorName[]): Record<number, typeof ErrorReply> {
  const byStatus = Map.groupBy(names, (name) => ERRORS[name].status)
  return Object.fromEntries([...byStatus].map(([status, names]) => [status, failure(names)]))
}

/** The response schema of errors that share a status. */
function failure(names: readonly ErrorName[]): typeof ErrorReply {
  const extra = {
    description: [...new Set(names.map((name) => ERRORS[name].message))].join('; or: '),
    'x-examples': Object.fromEntries(
      names.map((name) => [name, { summary: ERRORS[name].message, value: errorExample(name) }]),
    ),
  }
  const schema = { ...ErrorReply, ...extra }
  namesOfFailures.set(schema, names)
  return schema
}

function errorExample(name: ErrorName): unknown {
  const row: ErrorEntry = ERRORS[name]
  const faults = [{ field: 'email', message: 'must be an e-mail address' }]
  return {
    status: false,
    message: row.message,
    error: {
      code: row.code ?? name,
      type: row.type,
      details: name === 'VALIDATION_ERROR' ? faults : (row.details ?? null),
    },
    metadata: { timestamp: '2024-02-05T14:30:00Z', request_id: 'req-abc-123', api_version: API_VERSION },
  }
}
