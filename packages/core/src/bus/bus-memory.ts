// The bus where one process does everything: whoever listens is in it.
import { BusListeners, type Bus } from './bus.ts'

/** Messages come after the publisher has gone on, as they do from elsewhere. */
export function createMemoryBus(): Bus {
  const listeners = new BusListeners()
  let open = true
  return {
    publish(name, message) {
      queueMicrotask(() => {
        if (open) listeners.tell(name, message)
      })
    },
    listen: (name, listener) => listeners.add(name, listener),
    close() {
      open = false
    },
  }
}
