// A whole log over loopback TCP from a terminal that answers at once: what the library's care costs on top of a client that
// asks for the same slices and looks at nothing.
import { connect } from '@org/zk-proto'
import { BareClient } from './bare-client.ts'
import { startInstantTerminal } from './instant-process.ts'
import { RECORD_BYTES } from './made-log.ts'
import { race } from './race.ts'
import { figures } from './report.ts'
import type { Section } from './report.ts'

const BARE = 'bare client, decodes nothing'
const TURNS_A_ROUND = 31

/** Reads a log of `punches` in packets of `packetBytes`, over and over on open connections. */
export async function benchTransfer(punches: number, packetBytes: number, rounds: number): Promise<Section> {
  await using server = await startInstantTerminal(punches, packetBytes)
  await using bare = await BareClient.open(server.port)
  await using terminal = await connect({ host: '127.0.0.1', port: server.port, transport: 'tcp' })
  const expect = (what: number, wanted: number): void => {
    if (what !== wanted) throw new Error(`a read gave ${what} instead of ${wanted}`)
  }
  const result = await race(
    {
      [BARE]: async () => expect(await bare.countLog(), punches * RECORD_BYTES + 4),
      columns: async () => {
        let rows = 0
        for await (const { columns } of terminal.readAttendanceColumns()) rows += columns.length
        expect(rows, punches)
      },
      'batches of punches': async () => {
        let read = 0
        for await (const batch of terminal.readAttendance()) read += batch.punches.length
        expect(read, punches)
      },
    },
    rounds,
    1,
    TURNS_A_ROUND,
  )
  const title = `${punches.toLocaleString('en')} punches over unpaced loopback TCP, packets of ${packetBytes} bytes`
  const claim = (name: string, bound: number) => ({
    name: `${name} against a bare client, packets of ${packetBytes}`,
    measured: result.timesAsLong(name, BARE),
    bound,
    sense: 'at most' as const,
    unit: 'times',
  })
  return {
    title,
    rows: result.names.map((name) => ({
      name,
      values: {
        'median ms': figures(result.medianMs(name)),
        'best ms': figures(result.bestMs(name)),
        'M records/s': figures(punches / result.medianMs(name) / 1_000),
        'times the bare client': figures(result.timesAsLong(name, BARE)),
      },
    })),
    claims: [claim('columns', 1.6), claim('batches of punches', 2.2)],
  }
}
