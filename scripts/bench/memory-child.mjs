// What memory.ts measures: a program of its own in plain JavaScript, so that nothing but Node and the built library is in
// its memory. Arguments: idle | punches | columns, the library's entrance, a port. Prints its greatest resident size in KiB.
import { existsSync, readFileSync } from 'node:fs'

/** Linux counts the parent's memory in `maxRSS` until the program has been loaded; its own status file does not. */
function peakKiB() {
  if (!existsSync('/proc/self/status')) return process.resourceUsage().maxRSS
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  if (peak === null) throw new Error('the system tells no VmHWM')
  return Number(peak[1])
}

const [what, entrance, port] = process.argv.slice(2)

if (what === 'idle') {
  await new Promise((resolve) => {
    setTimeout(resolve, 200)
  })
  process.stdout.write(JSON.stringify({ read: 0, peakKiB: peakKiB() }))
} else {
  const { connect } = await import(entrance)
  const terminal = await connect({ host: '127.0.0.1', port: Number(port), transport: 'tcp' })
  let read = 0
  if (what === 'punches') {
    for await (const { punches } of terminal.readAttendance()) read += punches.length
  } else {
    for await (const { columns } of terminal.readAttendanceColumns()) read += columns.length
  }
  await terminal.close()
  process.stdout.write(JSON.stringify({ read, peakKiB: peakKiB() }))
}
