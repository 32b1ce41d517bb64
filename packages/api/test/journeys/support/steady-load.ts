// What people and programs do with a service all day, again and again until it is told to stop: read lists, log in, ask for syncs,
// punch. Nothing is repeated: every answer that is not the one promised is kept.
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { RestClient } from './rest-client.ts'
import type { Fleet } from './fleet.ts'
import { ADMIN } from './queue-mode-service.ts'

export interface SteadyLoad {
  /** How many answers came as promised. */
  readonly answered: number
  /** What came instead, in words. */
  readonly failures: readonly string[]
  /** The jobs that were accepted, each once. */
  readonly accepted: ReadonlySet<string>
  /** Ends it; resolves when the last answer is there. */
  stop(): Promise<void>
}

/** Pauses between two requests of one kind: a load, not a siege. */
const READ_EVERY_MS = 100
const SYNC_EVERY_MS = 400
const LOGIN_EVERY_MS = 1_000
const PUNCH_EVERY_MS = 300

/** @param address where all of it goes, with the token of one login */
export function steadyLoad(address: string, token: string | undefined, fleet: Fleet): SteadyLoad {
  const client = new RestClient(address, token)
  const ending = new AbortController()
  const failures: string[] = []
  const accepted = new Set<string>()
  let answered = 0

  const again = async (everyMs: number, act: (round: number) => Promise<void>): Promise<void> => {
    for (let round = 0; !ending.signal.aborted; round += 1) {
      try {
        await act(round)
        answered += 1
      } catch (error) {
        failures.push(inspect(error))
      }
      await sleep(everyMs)
    }
  }
  const deviceOf = (round: number) => fleet.devices[round % fleet.devices.length]?.id ?? 0
  const reads = (round: number): readonly string[] => [
    `/attendance?device_id=${deviceOf(round)}&limit=20`,
    '/devices',
    `/devices/${deviceOf(round)}/status`,
    '/queue/stats',
  ]
  const read = async (round: number): Promise<void> => {
    for (const path of reads(round)) {
      const { status } = await client.attempt('GET', path)
      if (status !== 200) throw new Error(`GET ${path}: ${status}`)
    }
  }

  const work = [
    again(READ_EVERY_MS, read),
    again(READ_EVERY_MS, read),
    again(SYNC_EVERY_MS, async (round) => {
      const { job_id } = await client.requestSync(deviceOf(round))
      accepted.add(job_id)
    }),
    again(LOGIN_EVERY_MS, () => new RestClient(address).logIn(ADMIN.email, ADMIN.password)),
    again(PUNCH_EVERY_MS, async (round) => {
      const device = fleet.devices[round % fleet.devices.length]
      device?.terminal.hand.present(device.pin)
    }),
  ]
  return {
    get answered() {
      return answered
    },
    failures,
    accepted,
    async stop() {
      ending.abort()
      await Promise.all(work)
    },
  }
}
