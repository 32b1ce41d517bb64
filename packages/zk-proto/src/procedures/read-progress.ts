// How far a long read has come: what its `onProgress` is told. Both readers of tables use it.

/** A moment of a read. Totals are undefined until they are known. */
export interface ReadProgress {
  /** Asking what there is; taking it; asking once more what there is. */
  readonly phase: 'preparing' | 'reading' | 'checking'
  readonly bytesDone: number
  readonly bytesTotal: number | undefined
  readonly recordsDone: number
  readonly recordsTotal: number | undefined
}

/** Called after each step. An error thrown in it ends the read. */
export type OnProgress = (progress: ReadProgress) => void
