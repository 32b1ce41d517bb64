// A table of a terminal as it goes by: the slices that answers bring, put where they belong, within a bound on memory.
import { BULK_TABLES, CODES, DATA_TYPES, joinBytes, TABLE_HEAD_BYTES, u32At } from '@org/zk-proto/wire'

/** Some bytes of a table, and where they stand in it. */
export interface Stretch {
  readonly start: number
  readonly bytes: Uint8Array
}

/** Which table a bulk request names; numbers that no source knows are shown as they are. */
export function tableName(command: number, dataType: number): string {
  if (command === CODES.ATTLOG_RRQ) return BULK_TABLES.attendance.name
  if (command === CODES.OPLOG_RRQ) return BULK_TABLES.operationLog.name
  if (command === CODES.USERTEMP_RRQ && (dataType === DATA_TYPES.PEOPLE || dataType === 0))
    return BULK_TABLES.people.name
  const known = Object.values(BULK_TABLES).find(
    (table) => table.command === command && table.dataType === dataType,
  )
  return known?.name ?? `command ${command}, data type ${dataType}`
}

/** How many bytes of tables all conversations of a trace may hold together. */
export class TableMemory {
  #left: number

  constructor(sizeBytes: number) {
    this.#left = sizeBytes
  }

  /** Whether there is room; if so it is taken. */
  take(sizeBytes: number): boolean {
    if (sizeBytes > this.#left) return false
    this.#left -= sizeBytes
    return true
  }

  giveBack(sizeBytes: number): void {
    this.#left += sizeBytes
  }
}

/** A table that is being read. */
export class TableRead {
  readonly name: string
  /** As announced; undefined for one that comes whole. */
  readonly sizeBytes: number | undefined
  readonly #memory: TableMemory
  readonly #slices = new Map<number, Uint8Array>()
  #held = 0
  /** It was too large to be kept: what it holds is not decoded. */
  isDropped = false

  constructor(name: string, sizeBytes: number | undefined, memory: TableMemory) {
    this.name = name
    this.sizeBytes = sizeBytes
    this.#memory = memory
  }

  /** Keeps a copy of a slice; one that comes again takes the place of the first. */
  put(start: number, bytes: Uint8Array): void {
    const before = this.#slices.get(start)?.length ?? 0
    if (this.isDropped || bytes.length === 0) return
    if (!this.#memory.take(Math.max(0, bytes.length - before))) {
      this.close()
      this.isDropped = true
      return
    }
    this.#held += Math.max(0, bytes.length - before)
    this.#slices.set(start, bytes.slice())
  }

  /** Gives back its memory. */
  close(): void {
    this.#memory.giveBack(this.#held)
    this.#held = 0
    this.#slices.clear()
  }

  /** What was seen, in stretches without a gap, in the table's order. */
  stretches(): Stretch[] {
    const stretches: { start: number; end: number; pieces: Uint8Array[] }[] = []
    for (const [start, bytes] of [...this.#slices].toSorted(([a], [b]) => a - b)) {
      const last = stretches.at(-1)
      if (last === undefined || start > last.end) {
        stretches.push({ start, end: start + bytes.length, pieces: [bytes] })
      } else if (start + bytes.length > last.end) {
        last.pieces.push(bytes.subarray(last.end - start))
        last.end = start + bytes.length
      }
    }
    return stretches.map(({ start, pieces }) => ({ start, bytes: joinBytes(pieces) }))
  }
}

/** What the first word of a table says: bytes of records that follow; undefined where it was not seen. */
export function announcedBytes([first]: readonly Stretch[]): number | undefined {
  return first !== undefined && first.start === 0 && first.bytes.length >= TABLE_HEAD_BYTES
    ? u32At(first.bytes, 0)
    : undefined
}
