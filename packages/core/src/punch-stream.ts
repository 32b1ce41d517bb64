// Every new punch, as it is recorded, to whoever listens in this process: one reader of the table for all of them, woken by the
// bus and by a slow clock, at work only while somebody listens. What a listener has not taken waits in a bounded queue; whoever
// falls behind is let go, and comes back with the last id seen.
import type { Database, ListedPunch } from '@org/data'
import type { Logger } from 'pino'
import { toPunch, type Punch, type PunchFilter } from './attendance.ts'
import type { Bus } from './bus/bus.ts'
import { NewPunches, VISIBLE_WITHIN_MS } from './new-punches.ts'
import { pause } from './pause.ts'
import { onBehalfOf } from './work-origin.ts'

/** Which punches are followed, and from where. */
export interface FollowOptions {
  readonly filter: Pick<PunchFilter, 'deviceIds' | 'denied'>
  /**
   * The id of the last punch seen: what came since is given first, and what arrived in the minute before it again, because ids
   * do not become visible in their order. Left out: from now on.
   */
  readonly after?: number
  /** Ends it. */
  readonly signal: AbortSignal
}

/** New punches, to be iterated. */
export interface PunchStream {
  /** Ends when the signal aborts, the stream closes, or the listener is too slow. Throws what the database does at the start. */
  follow(options: FollowOptions): AsyncGenerator<Punch, void, undefined>
  /** Ends all listeners. */
  close(): void
}

/** What a stream needs. */
export interface PunchStreamParts {
  readonly database: Database
  readonly bus: Bus
  readonly log: Logger
}

/** How often the table is looked at when nothing is told. */
const LOOK_EVERY_MS = 2_000
/** Punches that wait for one listener. */
const MOST_WAITING = 1_000
const PAGE = 500
/** Behind every instant, as texts go. */
const NEVER = '~'
/** How long a page waits for the one before to be taken, at most and at least. */
const PATIENCE_MS = 1_000
const TAKE_MS = 5

/** The stream of this process. */
export function createPunchStream({ database, bus, log }: PunchStreamParts): PunchStream {
  const listeners = new Set<Listener>()
  const closing = new AbortController()
  let running: Running | undefined

  const stopIfUnheard = (): void => {
    if (listeners.size > 0) return
    running?.stop()
    running = undefined
  }

  return {
    async *follow({ filter, after, signal }) {
      const listener = new Listener(filter)
      const stop = AbortSignal.any([signal, closing.signal])
      const leave = (): void => listener.end()
      if (stop.aborted) return
      stop.addEventListener('abort', leave, { once: true })
      listeners.add(listener)
      try {
        // It works for all listeners, not for the request of the first.
        running ??= onBehalfOf(undefined, () => new Running(database, bus, listeners, log))
        const news = await running.begun
        const joinedAt = news.highest
        // It may not have known of this listener: from the next look on nothing passes it by.
        await running.look
        if (after !== undefined)
          yield* replay(database, news, listener, { after, ...(await resumeAt(database, after)) })
        else if (news.highest - joinedAt <= MOST_WAITING / 2)
          await joinNow(database, news, listener, joinedAt)
        // A look may pass over thousands of rows: they are given as they are taken, instead of waiting all at once.
        else yield* replay(database, news, listener, { after: joinedAt, place: joinedAt, since: NEVER })
        for (let punch = await listener.next(); punch !== undefined; punch = await listener.next())
          yield punch
      } finally {
        stop.removeEventListener('abort', leave)
        listeners.delete(listener)
        stopIfUnheard()
      }
    },
    close() {
      closing.abort()
      // Also where a listener that takes nothing has not noticed yet.
      running?.stop()
      running = undefined
    },
  }
}

/** The one reader of the table, as long as anybody listens. */
class Running {
  /** Rejects when the table could not be read at the beginning; then somebody else begins anew. */
  readonly begun: Promise<NewPunches>
  readonly #listeners: ReadonlySet<Listener>
  readonly #stopped = new AbortController()
  /** The look that is under way, or was last. Never rejects. */
  look: Promise<void> = Promise.resolve()
  readonly #stopListening: () => void
  readonly #log: Logger
  #woken = new AbortController()

  constructor(database: Database, bus: Bus, listeners: ReadonlySet<Listener>, log: Logger) {
    this.#listeners = listeners
    this.#log = log
    this.#stopListening = bus.listen('changed', ({ of }) => {
      if (of === 'punches') this.#woken.abort()
    })
    this.begun = NewPunches.fromNow(database)
    void this.#run()
  }

  stop(): void {
    this.#stopListening()
    this.#stopped.abort()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    let news: NewPunches
    try {
      news = await this.begun
    } catch {
      return // everyone who waits for `begun` is told
    }
    let away = false
    while (!this.#stopped.signal.aborted) {
      this.#woken = new AbortController()
      const looked = Promise.withResolvers<void>()
      this.look = looked.promise
      let more = false
      try {
        const found = await news.look(this.#wantedDevices())
        for (const punch of found.late) this.#tell(punch, true)
        for (const punch of found.fresh) this.#tell(punch, false)
        more = found.more
        away = false
      } catch (error) {
        if (!away) this.#log.warn({ err: error }, 'new punches cannot be read for the stream')
        away = true
      } finally {
        looked.resolve()
      }
      if (more) await this.#untilTaken()
      else await pause(LOOK_EVERY_MS, AbortSignal.any([this.#woken.signal, this.#stopped.signal]))
    }
  }

  /** The devices that anybody listens to; undefined: all. */
  #wantedDevices(): readonly number[] | undefined {
    const wanted = new Set<number>()
    for (const { deviceIds } of this.#listeners) {
      if (deviceIds === undefined) return undefined
      for (const deviceId of deviceIds) wanted.add(deviceId)
    }
    return [...wanted]
  }

  /** After one page of several: gives whoever takes punches a moment to take them, and waits for nobody who does not. */
  async #untilTaken(): Promise<void> {
    const patientUntil = performance.now() + PATIENCE_MS
    do await pause(TAKE_MS, this.#stopped.signal)
    while (
      !this.#stopped.signal.aborted &&
      performance.now() < patientUntil &&
      [...this.#listeners].some((listener) => listener.isBehind)
    )
  }

  #tell(row: ListedPunch, isLate: boolean): void {
    for (const listener of this.#listeners) listener.offer(row, isLate)
  }
}

/** Somebody who listens, and what waits for them. */
class Listener {
  readonly #filter: FollowOptions['filter']
  readonly #waiting: Punch[] = []
  readonly #offeredMeanwhile = new Set<number>()
  #ended = false
  #wake: () => void = () => undefined
  /** While the table is read for this listener, only what appears behind that reading's back is taken. */
  isReplaying = true

  constructor(filter: FollowOptions['filter']) {
    this.#filter = filter
  }

  get deviceIds(): readonly number[] | undefined {
    return this.#filter.deviceIds
  }

  wants({ deviceId, denied }: ListedPunch): boolean {
    const { deviceIds, denied: wanted = false } = this.#filter
    if (deviceIds !== undefined && !deviceIds.includes(deviceId)) return false
    return wanted === 'all' || wanted === denied
  }

  offer(row: ListedPunch, isLate: boolean): void {
    if (this.#ended || (this.isReplaying && !isLate) || !this.wants(row)) return
    if (this.isReplaying) {
      // It may both appear below what was seen and be read from the table.
      if (this.#offeredMeanwhile.has(row.id)) return
      this.#offeredMeanwhile.add(row.id)
    }
    this.#waiting.push(toPunch(row))
    // Too slow: nobody is kept waiting for it, and nothing is kept for it without end.
    if (this.#waiting.length > MOST_WAITING) this.end()
    this.#wake()
  }

  /** Whether more than half of what may wait does. */
  get isBehind(): boolean {
    return this.#waiting.length > MOST_WAITING / 2
  }

  end(): void {
    this.#ended = true
    this.#waiting.length = 0
    this.#wake()
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  /** The next punch; undefined at the end. */
  async next(): Promise<Punch | undefined> {
    for (;;) {
      if (this.#ended) return undefined
      const punch = this.#waiting.shift()
      if (punch !== undefined) return punch
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** Hands a new listener what came while it joined: the look that was under way may have passed it by. */
async function joinNow(
  database: Database,
  news: NewPunches,
  listener: Listener,
  joinedAt: number,
): Promise<void> {
  let position = joinedAt
  while (!listener.hasEnded && position < news.highest) {
    const to = news.highest
    const rows = await database.punches.listByIds([{ from: position + 1, to }], PAGE, listener.deviceIds)
    for (const row of rows) listener.offer(row, true)
    position = rows.length < PAGE ? to : (rows.at(-1)?.id ?? to)
  }
  listener.isReplaying = false
}

/** What the table has had since, page by page as it is taken, until the listener is where the reader of the table is. */
async function* replay(
  database: Database,
  news: NewPunches,
  listener: Listener,
  { after, place, since }: { readonly after: number; readonly place: number; readonly since: string },
): AsyncGenerator<Punch, void, undefined> {
  let position = place
  while (!listener.hasEnded && position < news.highest) {
    const to = news.highest
    const rows = await database.punches.listByIds([{ from: position + 1, to }], PAGE, listener.deviceIds)
    for (const row of rows) {
      if (listener.hasEnded) return
      if (listener.wants(row) && (row.id > after || row.receivedAt >= since)) yield toPunch(row)
    }
    position = rows.length < PAGE ? to : (rows.at(-1)?.id ?? to)
  }
  listener.isReplaying = false
}

/** The first step back from the last id seen; each that follows is four times as long. */
const FIRST_STEP = 1_000

/** From where on punches are given again: those that arrived in the minute before the last one seen. */
async function resumeAt(
  database: Database,
  after: number,
): Promise<{ readonly place: number; readonly since: string }> {
  const seen = await database.punches.lastArrival(after)
  if (seen === undefined) return { place: 0, since: '' }
  const before = (ms: number): string => new Date(Date.parse(seen.receivedAt) - ms).toISOString()
  for (let step = FIRST_STEP; ; step *= 4) {
    const place = seen.id - step
    const row = place > 0 ? await database.punches.lastArrival(place) : undefined
    // Twice as far: a row may have got its time well before its id.
    if (row === undefined || row.receivedAt < before(2 * VISIBLE_WITHIN_MS))
      return { place: Math.max(0, place), since: before(VISIBLE_WITHIN_MS) }
  }
}
