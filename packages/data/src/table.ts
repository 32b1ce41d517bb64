// A table as code sees it: columns by their snake_case names, rows by camelCase names. The one place where rows are
// turned into columns and back; schema.ts declares the tables, repositories call `encode` and `decode`.
import type { Generated } from 'kysely'
import type { Stored } from './columns.ts'
import { CorruptRow } from './errors.ts'

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name

type AnyColumns = Readonly<Record<string, { encode(value: never): Stored; decode(stored: unknown): unknown }>>
type ValueOf<C> = C extends { decode(stored: unknown): infer Value } ? Value : never
type StoredOf<C> = C extends { encode(value: never): infer S } ? S : never
type IsGenerated<C> = C extends { readonly generated: true } ? true : false

type RowFrom<C> = { [Name in keyof C & string as Camel<Name>]: ValueOf<C[Name]> }
type NewRowFrom<C> = {
  [Name in keyof C & string as IsGenerated<C[Name]> extends true ? never : Camel<Name>]: ValueOf<C[Name]>
}
type StoredFrom<C> = {
  [Name in keyof C & string]: IsGenerated<C[Name]> extends true
    ? Generated<StoredOf<C[Name]>>
    : StoredOf<C[Name]>
}
type NewStoredFrom<C> = {
  [Name in keyof C & string as IsGenerated<C[Name]> extends true ? never : Name]: StoredOf<C[Name]>
}
type ChangesFrom<C> = { [Name in keyof C & string]?: StoredOf<C[Name]> }

/** One declared table. */
export interface Table<C> {
  readonly name: string
  readonly columns: readonly (keyof C & string)[]
  /** The columns that an insert names: all but those that the database fills. */
  readonly insertColumns: readonly string[]
  /** A new row as columns. */
  encode(row: NewRowFrom<C>): NewStoredFrom<C>
  /** Puts a new row's values into `target` from `at` on, in the order of `insertColumns`: for statements of many rows. */
  encodeInto(target: Stored[], at: number, row: NewRowFrom<C>): void
  /** Part of a row as columns; what is undefined is left out. */
  encodeChanges(changes: Partial<RowFrom<C>>): ChangesFrom<C>
  /** Reads a whole row. Throws CorruptRow, with table and column, for a value that does not fit. */
  decode(stored: object): RowFrom<C>
}

/** A row as code sees it: camelCase, booleans, instants, parsed JSON. */
export type RowOf<T> = T extends Table<infer C> ? RowFrom<C> : never

/** A row to be inserted: without what the database fills. */
export type NewRowOf<T> = T extends Table<infer C> ? NewRowFrom<C> : never

/** A table as Kysely sees it: snake_case names, stored forms. */
export type StoredTable<T> = T extends Table<infer C> ? StoredFrom<C> : never

/** What every column kind looks like once its types are set aside. */
interface AnyColumn {
  readonly generated?: boolean
  encode(value: unknown): Stored
  decode(stored: unknown): unknown
}

type Properties = Readonly<Record<string, unknown>>

/**
 * Declares a table; the columns' order is the order of inserts. Names change from snake_case to camelCase in here, at
 * run time and in the types alike, which is why the body sees properties by name only.
 */
export function table<const C extends AnyColumns>(name: string, columns: C): Table<C>
export function table(name: string, columns: Readonly<Record<string, AnyColumn>>): object {
  const bindings = Object.entries(columns).map(([column, kind]) => ({ column, key: camelCase(column), kind }))
  const inserted = bindings.filter(({ kind }) => kind.generated !== true)
  const byKey = new Map(bindings.map((binding) => [binding.key, binding]))

  return {
    name,
    columns: bindings.map(({ column }) => column),
    insertColumns: inserted.map(({ column }) => column),
    encode: (row: Properties) =>
      Object.fromEntries(inserted.map(({ column, key, kind }) => [column, kind.encode(row[key])])),
    encodeInto(target: Stored[], at: number, row: Properties) {
      let next = at
      for (const { key, kind } of inserted) target[next++] = kind.encode(row[key])
    },
    encodeChanges(changes: Properties) {
      const stored: Record<string, Stored> = {}
      for (const [key, value] of Object.entries(changes)) {
        const binding = byKey.get(key)
        if (binding === undefined) throw new TypeError(`${name} has no column for ${key}`)
        if (value !== undefined) stored[binding.column] = binding.kind.encode(value)
      }
      return stored
    },
    decode(stored: Properties) {
      const row: Record<string, unknown> = {}
      for (const { column, key, kind } of bindings) {
        try {
          row[key] = kind.decode(stored[column])
        } catch (cause) {
          throw new CorruptRow(`${name}.${column}: the stored value does not fit its column`, { cause })
        }
      }
      return row
    },
  }
}

function camelCase(column: string): string {
  return column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
