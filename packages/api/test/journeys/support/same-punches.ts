// The end of every journey: what the API lists, what the table holds and what the terminal holds are the same punches.
import { expect } from 'vitest'
import { openDatabase } from '@org/data'
import type { TerminalMemory } from '@org/zk-sim'
import type { RestClient } from './rest-client.ts'

interface Punched {
  readonly logNumber: string
  readonly packedTime: number
  readonly wallTime: string
  readonly state: number
  readonly verifyMode: number | null
  readonly denied: boolean
}

/** Compares every row of the table with every record of the terminal, each as often as the other has it. */
export async function expectTableIsTerminal(
  databaseUrl: string,
  deviceId: number,
  memory: TerminalMemory,
): Promise<void> {
  const rows: Punched[] = []
  const database = await openDatabase(databaseUrl, { migrate: false })
  try {
    for await (const batch of database.punches.each(deviceId, 1_000)) rows.push(...batch)
  } finally {
    await database.close()
  }
  expect(sorted(rows)).toEqual(sorted(memory.truth().punches))
}

/** Compares what a client of the API gets, page by page, with every record of the terminal. */
export async function expectApiListsTerminal(
  client: RestClient,
  deviceId: number,
  memory: TerminalMemory,
): Promise<void> {
  const listed = await client.allPunches(deviceId)
  const asListed = listed.map(
    (punch) => `${punch.user_id} ${punch.local_time} ${punch.state} ${punch.verify_mode} ${punch.denied}`,
  )
  const asHeld = memory
    .truth()
    .punches.map(
      (punch) => `${punch.pin} ${punch.wallTime} ${punch.state} ${punch.verifyMode} ${punch.denied}`,
    )
  expect(asListed.toSorted()).toEqual(asHeld.toSorted())
}

function sorted(punches: readonly Punched[]): string[] {
  return punches
    .map(({ logNumber, packedTime, wallTime, state, verifyMode, denied }) =>
      [logNumber, packedTime, wallTime, state, verifyMode, denied].join(' '),
    )
    .toSorted()
}
