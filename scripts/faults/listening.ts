// Live events: listening while something else is done, and the step that asks whether all that happened was heard of.
import { must, type Scene, type Step, until } from './scene.ts'

/** So long an event is waited for when the fault may have lost it. */
const LOST_MS = 400
const HEARTBEAT_MS = 150

/** Whoever listens, and what was heard. */
export interface Listening {
  readonly heard: string[]
  /** The error that ended it, if one did. */
  readonly ended: Promise<Error | undefined>
  isOver(): boolean
}

/** Listens until `enough` says so, or it is told to stop. */
export function listen(
  { client }: Scene,
  signal: AbortSignal,
  enough: (heard: readonly string[]) => boolean,
): Listening {
  const heard: string[] = []
  let over = false
  const hearing = async (): Promise<Error | undefined> => {
    try {
      for await (const notice of client.liveEvents({ signal, heartbeatMs: HEARTBEAT_MS })) {
        if (notice.type === 'punch') heard.push(notice.pin)
        if (enough(heard)) return undefined
      }
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error('what is no error was thrown', { cause: error })
    } finally {
      over = true
    }
  }
  return { heard, ended: hearing(), isOver: () => over }
}

/** Waits until the terminal knows that it is listened to; throws what ended the listening before. */
export async function isListening({ terminal }: Scene, listening: Listening): Promise<void> {
  const before = terminal.stats.requests['registerEvents'] ?? 0
  const known = await until(
    () => listening.isOver() || (terminal.stats.requests['registerEvents'] ?? 0) > before,
  )
  must(known, 'nobody told the terminal that live events are wanted')
  if (!listening.isOver()) return
  throw (await listening.ended) ?? new Error('the listening ended by itself')
}

/** Three people punch, and each is heard of. */
export const liveEvents: Step = {
  name: 'live events',
  async act(scene) {
    const { terminal, arm, struck } = scene
    const pins = terminal.memory.people
      .list()
      .slice(0, 3)
      .map(({ pin }) => pin)
    const stop = new AbortController()
    arm()
    const listening = listen(scene, stop.signal, (heard) => pins.every((pin) => heard.includes(pin)))
    await isListening(scene, listening)
    for (const pin of pins) terminal.hand.present(pin)
    const mayLose = (): boolean => struck('lose', 'flip')
    const began = performance.now()
    await until(() => listening.isOver() || (mayLose() && performance.now() - began > LOST_MS))
    const wasOver = listening.isOver()
    stop.abort()
    const error = await listening.ended
    if (wasOver && error !== undefined) throw error
    const { heard } = listening
    must(
      heard.every((pin) => pins.includes(pin)),
      `a punch of ${heard.find((pin) => !pins.includes(pin))} was heard of, who did not punch`,
    )
    must(mayLose() || wasOver, `of ${pins.length} punches only ${new Set(heard).size} were heard of`)
    must(struck('double', 'liveTwice') || heard.length <= pins.length, 'a punch was heard of twice')
  },
}
