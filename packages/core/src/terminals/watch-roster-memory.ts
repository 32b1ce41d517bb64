// The roster where one process does everything.
import type { WatchRoster } from './watch-roster.ts'

export function createMemoryRoster(): WatchRoster {
  const name = 'this process'
  return {
    name,
    beat: () => Promise.resolve([name]),
    leave: () => Promise.resolve(),
  }
}
