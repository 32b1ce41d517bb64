// People who keep punching: at each terminal somebody comes or goes, now and then, so many times a minute on average. Who and
// when is drawn from the terminal's serial number, so that it can be had again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PunchTruth } from '../punch-record.ts'
import type { Means } from '../recognition.ts'
import { seededRandom } from '../seeded-random.ts'
import type { SimulatedTerminal } from '../simulated-terminal.ts'

const MINUTE_MS = 60_000
/** Waits are between half and one and a half times the average. */
const SHORTEST_WAIT = 0.5
const COMING = 0
const GOING = 1

/** Lets people punch until the signal says that it is over. Punches that were recorded are told. */
export async function letPeoplePunch(
  terminal: SimulatedTerminal,
  perMinute: number,
  punched: (punch: PunchTruth) => void,
  signal: AbortSignal,
): Promise<void> {
  const { memory, hand } = terminal
  const random = seededRandom(0, 'live people', memory.serialNumber)
  const inside = new Set<string>()
  while (await passed((MINUTE_MS / perMinute) * (SHORTEST_WAIT + random.next()), signal)) {
    const pin = random.pick(memory.people.pins())
    if (pin === undefined) continue
    const goes = inside.has(pin)
    const punch = hand.present(
      pin,
      meansOf(memory.profile.capacity.faces > 0, random.next()),
      goes ? GOING : COMING,
    )
    if (punch === undefined) continue
    if (goes) inside.delete(pin)
    else inside.add(pin)
    punched(punch)
  }
}

/** Most show a face where the model sees one, a finger elsewhere; some a card. */
function meansOf(seesFaces: boolean, draw: number): Means {
  if (draw > 0.9) return 'card'
  return seesFaces ? 'face' : 'finger'
}

/** Waits; false when it was told to end. */
async function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal })
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
