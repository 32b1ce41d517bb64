// The OpenAPI document as tests read it: its operations, and whether an answer is what it promises.
import { Compile } from 'typebox/schema'
import type { Validator } from 'typebox/schema'

type JsonSchema = Readonly<Record<string, unknown>>

export interface Media {
  readonly schema: JsonSchema
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: unknown; readonly summary?: string }>>
}

export interface Operation {
  readonly summary?: string
  readonly operationId?: string
  readonly tags?: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: JsonSchema
    readonly example?: unknown
    readonly description?: string
  }[]
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >
  readonly 'x-role'?: string
  /** What an API key gets of it that names its devices. */
  readonly 'x-devices'?: string
}

export interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: JsonSchema
}

/** One operation with where it stands. */
export interface PlacedOperation {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

/** Every operation of a document. */
export function operationsOf(document: Document): PlacedOperation[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
    })),
  )
}

/** The operation that a request went to; undefined for a path or method that the document does not have. */
export function findOperation(document: Document, method: string, path: string): Operation | undefined {
  return operationsOf(document).find(
    (candidate) =>
      candidate.method === method &&
      new RegExp(`^${candidate.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )?.operation
}

const validators = new WeakMap<JsonSchema, Validator>()

/** What is wrong with a value by a schema of the document; empty when nothing is. */
export function faultsBySchema(document: Document, schema: JsonSchema, value: unknown): string[] {
  let validator = validators.get(schema)
  if (validator === undefined) {
    validator = Compile({ ...schema, components: document.components })
    validators.set(schema, validator)
  }
  if (validator.Check(value)) return []
  const [, errors] = validator.Errors(value)
  return errors.map(({ instancePath, message }) => `${instancePath}: ${message}`)
}
