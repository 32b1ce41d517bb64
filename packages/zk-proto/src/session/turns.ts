// Who may speak: procedures take turns at the one open request, and only one at a time may use the terminal's one buffer.
// A procedure that has handed something over waits aside, and others go in between. The client session moves it all.
import type { Ask, Hear, Heard, Procedure, Resumption } from './procedure.ts'
import type { Millis } from './session.ts'

/** How a procedure ended. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** How a procedure is to be run. */
export interface RunOptions<T, E> {
  /** When it must be over; Infinity for never. Cleaning up may take a little longer. */
  readonly deadline: Millis
  /** Called exactly once. */
  readonly settled: (outcome: Outcome<T>) => void
  /** Takes what the procedure hands over; the procedure goes on when `resume` is called. */
  readonly offered?: (value: E) => void
  /** Whether it uses the terminal's one buffer: such procedures exclude each other, others run between their steps. */
  readonly usesBuffer?: boolean
}

/** What a procedure is resumed with. */
export type Move =
  | { readonly kind: 'go'; readonly with?: Resumption }
  | { readonly kind: 'throw'; readonly error: unknown }

/** A procedure being run, with its types folded away: only the closures made by `taskOf` know them. */
export interface Task {
  readonly usesBuffer: boolean
  deadline: Millis
  state: 'new' | 'ready' | 'active' | 'parked' | 'hearing' | 'settled'
  cancelled: boolean
  /** The live events kept for it since it first listened. */
  inbox: Inbox | undefined
  /** While it hears: when it goes on without an event. */
  hearsUntil: Millis
  /** What it is resumed with when its turn comes. */
  next: Move
  /** Runs it up to its next ask, its next wish to hear, its next offer (handed over) or its end (settled). */
  step(move: Move): Ask | Hear | 'parked' | 'settled'
  settle(error: unknown): void
}

/** How long a procedure waits for the buffer while another one holds it. */
const BUFFER_WAIT_MS = 60_000

/** So many live events are kept for a procedure that does not take them; then the oldest are dropped and counted. */
export const KEPT_EVENTS = 1024

/** And no more bytes than this; an event of a real terminal has a hundred at most. */
export const KEPT_EVENT_BYTES = 1024 * 1024

/** The live events that wait for one procedure. */
class Inbox {
  readonly #events: Heard[] = []
  #sizeBytes = 0
  #missed = 0

  put(event: number, payload: Uint8Array): void {
    this.#events.push({ event, payload, missed: 0 })
    this.#sizeBytes += payload.length
    while (this.#events.length > KEPT_EVENTS || this.#sizeBytes > KEPT_EVENT_BYTES) {
      this.#drop()
      this.#missed += 1
    }
  }

  take(): Heard | undefined {
    const next = this.#drop()
    if (next === undefined) return undefined
    const missed = this.#missed
    this.#missed = 0
    return { ...next, missed }
  }

  #drop(): Heard | undefined {
    const oldest = this.#events.shift()
    this.#sizeBytes -= oldest?.payload.length ?? 0
    return oldest
  }
}

/** A procedure that has not begun. */
export function taskOf<T, E>(procedure: Procedure<T, E>, options: RunOptions<T, E>, now: Millis): Task {
  const usesBuffer = options.usesBuffer ?? false
  const task: Task = {
    usesBuffer,
    deadline: usesBuffer ? Math.min(options.deadline, now + BUFFER_WAIT_MS) : options.deadline,
    state: 'new',
    cancelled: false,
    inbox: undefined,
    hearsUntil: Number.POSITIVE_INFINITY,
    next: { kind: 'go' },
    settle(error) {
      task.state = 'settled'
      options.settled({ ok: false, error })
    },
    step(move) {
      if (task.state === 'new') task.deadline = options.deadline
      task.state = 'active'
      let result
      try {
        result = move.kind === 'throw' ? procedure.throw(move.error) : procedure.next(move.with)
      } catch (error) {
        task.settle(error)
        return 'settled'
      }
      if (result.done === true) {
        task.state = 'settled'
        options.settled({ ok: true, value: result.value })
        return 'settled'
      }
      if (result.value.kind !== 'offer') return result.value
      task.state = 'parked'
      options.offered?.(result.value.value)
      return 'parked'
    },
  }
  return task
}

/** The tasks that wait: for their turn, or for whoever took what they handed over. */
export class Turns {
  readonly #queue: Task[] = []
  readonly #parked = new Set<Task>()
  readonly #hearing = new Set<Task>()
  readonly #listeners = new Set<Task>()
  #bufferHolder: Task | undefined

  /** All that wait, in no particular order. */
  get waiting(): Task[] {
    return [...this.#queue, ...this.#parked, ...this.#hearing]
  }

  /** The earliest deadline of those that wait. */
  get wakeAt(): Millis {
    let wakeAt = Number.POSITIVE_INFINITY
    for (const task of this.#queue) wakeAt = Math.min(wakeAt, task.deadline)
    for (const task of this.#parked) wakeAt = Math.min(wakeAt, task.deadline)
    for (const task of this.#hearing) wakeAt = Math.min(wakeAt, task.deadline, task.hearsUntil)
    return wakeAt
  }

  /** Queues a task that has not begun. */
  add(task: Task): void {
    this.#queue.push(task)
  }

  /** The next one whose turn it can be, taken out of the queue. */
  take(): Task | undefined {
    const place = this.#queue.findIndex((task) => !this.isShutOut(task))
    const task = place === -1 ? undefined : this.#queue.splice(place, 1)[0]
    if (task?.usesBuffer === true) this.#bufferHolder = task
    return task
  }

  /** Whether it waits for a buffer that another one holds. */
  isShutOut(task: Task): boolean {
    return task.usesBuffer && this.#bufferHolder !== undefined && this.#bufferHolder !== task
  }

  /** It has handed something over and waits until more is wanted, unless that was asked for already. */
  park(task: Task): void {
    task.next = { kind: 'go' }
    if (task.state === 'parked') this.#parked.add(task)
  }

  /** It wants to hear: goes on at once with an event that is there, or waits aside (undefined). */
  hear(task: Task, waitMs: Millis, now: Millis): Move | undefined {
    task.inbox ??= new Inbox()
    this.#listeners.add(task)
    const event = task.inbox.take()
    if (event !== undefined || waitMs <= 0) return { kind: 'go', with: event }
    task.state = 'hearing'
    task.hearsUntil = now + waitMs
    this.#hearing.add(task)
    return undefined
  }

  /** A live event has come: everyone who listens gets it. */
  tell(event: number, payload: Uint8Array): void {
    for (const task of this.#listeners) {
      task.inbox?.put(event, payload)
      if (task.state !== 'hearing') continue
      const heard = task.inbox?.take()
      if (heard === undefined) continue
      task.next = { kind: 'go', with: heard }
      this.unpark(task)
    }
  }

  /** Those who have heard nothing for long enough go on. */
  wakeHearers(now: Millis): void {
    for (const task of this.#hearing) {
      if (now < task.hearsUntil) continue
      task.next = { kind: 'go' }
      this.unpark(task)
    }
  }

  /** One that waits aside goes back into the queue. */
  unpark(task: Task): void {
    this.#parked.delete(task)
    this.#hearing.delete(task)
    task.state = 'ready'
    this.#queue.push(task)
  }

  /** It is over, or was never begun. */
  forget(task: Task): void {
    this.#parked.delete(task)
    this.#hearing.delete(task)
    this.#listeners.delete(task)
    const place = this.#queue.indexOf(task)
    if (place !== -1) this.#queue.splice(place, 1)
    if (this.#bufferHolder === task) this.#bufferHolder = undefined
  }
}
