// The comparison that every sync ends with: each row of the database against each record of the terminal.
import type { Database } from '@org/data'
import type { TerminalMemory } from '@org/zk-sim'
import { expect } from 'vitest'
import { PunchCounts, type Named } from './punch-counts.ts'

/** A punch as both sides can tell it. */
interface Told {
  readonly logNumber: string
  readonly packedTime: number
  readonly pin: string
  readonly wallTime: string
  readonly state: number
  readonly denied: boolean
  readonly valid: boolean
}

/** Every record of the terminal's log is a row, once, and there are no others. */
export async function expectSameAsTerminal(
  database: Database,
  deviceId: number,
  memory: TerminalMemory,
): Promise<void> {
  expect(await rowsOf(database, deviceId)).toEqual(sorted(toldBy(memory)))
}

/**
 * The same of a terminal whose log somebody `cleared` of these meanwhile: what it holds is there, and nothing is there more often than it
 * was ever made. Whether a punch that was cleared had been read by then, nobody can know.
 */
export async function expectWhatCanBeKnown(
  database: Database,
  deviceId: number,
  memory: TerminalMemory,
  cleared: readonly Named[],
): Promise<void> {
  if (cleared.length === 0) return expectSameAsTerminal(database, deviceId, memory)
  const { punches } = memory.truth()
  const stored = new PunchCounts(await rowsOf(database, deviceId))
  expect(new PunchCounts(punches).lackingIn(stored), 'lost').toEqual([])
  expect(stored.lackingIn(new PunchCounts([...cleared, ...punches])), 'doubled').toEqual([])
}

/** What the terminal holds. */
export function toldBy(memory: TerminalMemory): Told[] {
  const { people, punches } = memory.truth()
  const pins = new Map(people.map((person) => [person.uid, person.pin]))
  return punches.map(({ logNumber, packedTime, pin, uid, wallTime, state, denied, validTime }) => ({
    logNumber,
    packedTime,
    pin: pin ?? (uid === null ? undefined : pins.get(uid)) ?? logNumber,
    wallTime,
    state,
    denied,
    valid: validTime,
  }))
}

/** What the database holds of a device. */
export async function rowsOf(database: Database, deviceId: number): Promise<Told[]> {
  const rows: Told[] = []
  for await (const batch of database.punches.each(deviceId)) {
    for (const { logNumber, packedTime, pin, wallTime, state, denied, at } of batch)
      rows.push({ logNumber, packedTime, pin, wallTime, state, denied, valid: at !== null })
  }
  return sorted(rows)
}

export function sorted(told: readonly Told[]): Told[] {
  const keyOf = (punch: Told): string => JSON.stringify([punch.packedTime, punch.logNumber, punch.state])
  return told.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}
