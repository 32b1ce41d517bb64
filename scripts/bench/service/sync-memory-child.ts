// What sync-memory.ts measures: a program of its own that opens the service, settles, and runs one sync. Arguments: database
// URL, data folder, port of a terminal, punches in its log. Runs with --expose-gc; prints a MemoryReport as JSON.
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openService } from './bench-service.ts'
import type { MemoryReport } from './sync-memory.ts'

const SETTLE_MS = 300
const SAMPLE_MS = 50
/** Written to clear_refs, it makes the system forget the peak so far. */
const FORGET_PEAK = '5'

function residentKiB(of: 'VmRSS' | 'VmHWM'): number {
  const told = new RegExp(`^${of}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))
  if (told === null) throw new Error(`the system tells no ${of}`)
  return Number(told[1])
}

async function settle(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc')
  for (let time = 0; time < 2; time += 1) {
    await globalThis.gc({ execution: 'async', type: 'major' })
    await sleep(SETTLE_MS)
  }
}

const [url = '', folder = '', port, punches] = process.argv.slice(2)
await using service = await openService({ url, folder })
const device = await service.register(Number(port))
await settle()
writeFileSync('/proc/self/clear_refs', FORGET_PEAK)
const idleKiB = residentKiB('VmRSS')
const idleHeapBytes = process.memoryUsage().heapUsed
let peakHeapBytes = 0
const sampling = setInterval(() => {
  peakHeapBytes = Math.max(peakHeapBytes, process.memoryUsage().heapUsed)
}, SAMPLE_MS)
const ms = await service.syncMs(device, 'auto', Number(punches))
clearInterval(sampling)
const report: MemoryReport = { idleKiB, peakKiB: residentKiB('VmHWM'), idleHeapBytes, peakHeapBytes, ms }
process.stdout.write(JSON.stringify(report))
