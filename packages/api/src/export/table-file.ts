// What every export is made of: rows of cells under named columns, in batches. A file is made batch by batch as its reader takes it, so
// that its size does not matter.

/** A cell: numbers stay numbers, null is empty. */
export type Cell = string | number | boolean | null

/** One record; its keys are the columns, in their order. */
export type Row = Readonly<Record<string, Cell>>

/** What a file is made from. */
export interface TableFile {
  readonly columns: readonly string[]
  readonly batches: AsyncIterable<readonly Row[]>
}
