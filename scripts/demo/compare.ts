// The proof at the end of the demo: every punch in the table against every record that the terminal holds.
import type { Database } from '@org/data'
import type { SimulatedTerminal } from '@org/zk-sim'

const BATCH = 1_000
/** No more differences than this are named. */
const NAMED = 10

/** What stands on one side alone, as sentences; empty when table and terminal hold the same punches, equally often. */
export async function compareWithTerminal(
  database: Database,
  deviceId: number,
  terminal: SimulatedTerminal,
): Promise<string[]> {
  const counts = new Map<string, number>()
  const count = (who: string, wallTime: string, state: number, verifyMode: number | null, by: number) => {
    const key = `${who} at ${wallTime}, state ${state}, verify mode ${verifyMode}`
    counts.set(key, (counts.get(key) ?? 0) + by)
  }
  for (const punch of terminal.memory.truth().punches) {
    count(punch.logNumber, punch.wallTime, punch.state, punch.verifyMode, 1)
  }
  for await (const rows of database.punches.each(deviceId, BATCH)) {
    for (const row of rows) count(row.logNumber, row.wallTime, row.state, row.verifyMode, -1)
  }
  const different = [...counts].filter(([, difference]) => difference !== 0)
  return different
    .slice(0, NAMED)
    .map(
      ([key, difference]) =>
        `${key}: ${Math.abs(difference)} more ${difference > 0 ? 'on the terminal' : 'in the table'}`,
    )
}
