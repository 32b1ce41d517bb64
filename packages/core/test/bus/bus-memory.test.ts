// The bus within one process.
import { createMemoryBus } from '../../src/bus/bus-memory.ts'
import { busContract } from '../contract/bus.contract.ts'

busContract('memory', () => {
  const bus = createMemoryBus()
  return Promise.resolve({ bus: () => bus, close: () => Promise.resolve(bus.close()) })
})
