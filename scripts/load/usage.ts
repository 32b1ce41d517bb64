// What a process has used so far, as the system counts it. Linux only: everywhere else nothing is known, and nothing is claimed.
import { existsSync, readFileSync } from 'node:fs'

/** Of one process at one moment. */
export interface Usage {
  /** Of all its threads, since it began. */
  readonly cpuSeconds: number
  /** What of it is in memory. */
  readonly residentMb: number
}

/** The kernel's clock tick: 100 a second on every Linux that Node runs on. */
const TICKS_A_SECOND = 100
const BYTES_A_KIB = 1_024

/** Undefined where there is no such process, or none that this machine can look at. */
export function usageOf(pid: number): Usage | undefined {
  const folder = `/proc/${pid}`
  if (!existsSync(`${folder}/stat`)) return undefined
  // The program's name may hold anything, a bracket too: the numbers begin behind the last one.
  const stat = readFileSync(`${folder}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`${folder}/status`, 'utf8'))
  if (!Number.isFinite(user + system) || resident === null) throw new Error(`${folder}/stat cannot be read`)
  return {
    cpuSeconds: (user + system) / TICKS_A_SECOND,
    residentMb: (Number(resident[1]) * BYTES_A_KIB) / 1_000_000,
  }
}
