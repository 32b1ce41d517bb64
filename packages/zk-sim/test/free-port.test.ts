// A terminal without a port of its own takes one that is free, and never that of an earlier one: clients know terminals by their
// addresses.
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'

it('takes a port that no terminal of this process had before', async () => {
  const ports = new Set<number>()
  // The system gives a port that was just let go again with a likelihood that makes it all but certain among so many.
  for (let count = 0; count < 500; count++) {
    await using terminal = await startTerminal({ people: 1, punches: 0 })
    ports.add(terminal.port)
  }
  expect(ports.size).toBe(500)
})
