// What goes wrong on purpose, by script: where the stream is cut or stalls, and what happens to the terminal in
// the middle of a read. Each fault strikes a stated number of times, so that a repetition can succeed.

/** Faults to strike. Those that are left out do not happen. */
export interface FaultScript {
  /** A connection is cut once this many bytes were sent on it. */
  cutAfterBytes?: number
  /** Nothing is sent any more on a connection once this many bytes were sent on it; it stays open. */
  stallAtByte?: number
  /** The terminal restarts when this slice of a buffered attendance read is asked for. */
  restartDuringRead?: SliceFault
  /** People punch when this slice of a buffered attendance read is asked for. */
  growDuringRead?: SliceFault & { punches: number }
  /** The attendance log is cleared, and may be refilled, when this slice of a buffered read is asked for. */
  clearDuringRead?: SliceFault & { refill?: number }
  /** How often each of them strikes. Default: 1. */
  times?: number
}

/**
 * The moment of a fault inside a buffered attendance read: 0 as the read is prepared, before its snapshot is
 * taken; n as the n-th slice (CMD_DATA_RDY) is asked for. A set small enough to come inline has no slices.
 * Default: 1.
 */
export interface SliceFault {
  atSlice?: number
}

/** What strikes at a moment of a read. */
export interface ReadFault {
  restart: boolean
  clear: boolean
  /** Punches that people add after it. */
  punches: number
}

/** One fault that struck. */
export type FaultName = 'cut' | 'stall' | 'restart' | 'grow' | 'clear'

/** The verdict on bytes about to be sent: how many of them go out, and what happens then. */
export interface ByteFault {
  bytes: number
  next: 'go' | 'cut' | 'stall'
}

/** The faults of one terminal; may be set and changed while it runs. */
export class Faults {
  /** What struck so far, in order. */
  readonly struck: FaultName[] = []
  #script: FaultScript = {}
  #left = new Map<FaultName, number>()

  constructor(script: FaultScript = {}) {
    this.set(script)
  }

  /** Replaces the script; every fault of it may strike anew. */
  set(script: FaultScript): void {
    this.#script = script
    const times = script.times ?? 1
    this.#left = new Map([
      ['cut', times],
      ['stall', times],
      ['restart', times],
      ['grow', times],
      ['clear', times],
    ])
  }

  /** Nothing goes wrong any more. */
  clear(): void {
    this.set({})
  }

  /** Decides on `bytes` about to be sent on a connection that has sent `sentBefore`. */
  onSend(sentBefore: number, bytes: number): ByteFault {
    const cut = this.#script.cutAfterBytes
    if (cut !== undefined && sentBefore + bytes >= cut && this.#strike('cut')) {
      return { bytes: Math.max(0, cut - sentBefore), next: 'cut' }
    }
    const stall = this.#script.stallAtByte
    if (stall !== undefined && sentBefore + bytes >= stall && this.#strike('stall')) {
      return { bytes: Math.max(0, stall - sentBefore), next: 'stall' }
    }
    return { bytes, next: 'go' }
  }

  /** What strikes as slice `slice` of an attendance read is asked for (0: as it is prepared). */
  onSlice(slice: number): ReadFault {
    const { restartDuringRead, growDuringRead, clearDuringRead } = this.#script
    const cleared = this.#atSlice(clearDuringRead, slice, 'clear')
    const grown = this.#atSlice(growDuringRead, slice, 'grow')
    return {
      clear: cleared,
      punches: (cleared ? (clearDuringRead?.refill ?? 0) : 0) + (grown ? (growDuringRead?.punches ?? 0) : 0),
      restart: this.#atSlice(restartDuringRead, slice, 'restart'),
    }
  }

  #atSlice(fault: SliceFault | undefined, slice: number, name: FaultName): boolean {
    return fault !== undefined && (fault.atSlice ?? 1) === slice && this.#strike(name)
  }

  #strike(name: FaultName): boolean {
    const left = this.#left.get(name) ?? 0
    if (left === 0) return false
    this.#left.set(name, left - 1)
    this.struck.push(name)
    return true
  }
}
