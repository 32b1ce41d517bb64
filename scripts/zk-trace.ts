// `npm run zk-trace`: a capture of a terminal's port in words or as JSON, for a bug report and for whoever reads one. Exit codes:
// 0 read to its end, 1 damaged, unreadable or without a packet of the protocol, 2 an option cannot be used.
import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import { entryLines, helpLines, OptionError } from './by-hand/options.ts'
import { jsonLine, printable, TextLines } from './trace/lines.ts'
import { readTraceSettings, TRACE_OPTIONS, type TraceSettings } from './trace/options.ts'
import { readTrace, type ReadOutcome } from './trace/read-trace.ts'
import { Redactor } from './trace/redact.ts'

const CHUNK_BYTES = 1_048_576

// Whoever reads may have had enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  try {
    const settings = readTraceSettings(args)
    if (settings === 'help') {
      await write(helpText())
      return 0
    }
    return ended(await trace(settings))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    console.error(
      `zk-trace: ${printable(message)}${error instanceof OptionError ? ' (--help lists the options)' : ''}`,
    )
    return error instanceof OptionError ? 2 : 1
  }
}

async function trace(settings: TraceSettings): Promise<ReadOutcome> {
  const { file, port, nameEncoding, json, bytes, records, redact } = settings
  const input = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES })
  const entries = readTrace(input, {
    port,
    nameEncoding,
    mostRecords: json ? Number.POSITIVE_INFINITY : records,
  })
  const redactor = redact ? new Redactor() : undefined
  const text = new TextLines({ bytes, numbered: true })
  for (;;) {
    const step = await entries.next()
    if (step.done === true) {
      if (!json) for (const line of text.rest()) await write(`${line}\n`)
      return step.value
    }
    const entry = redactor === undefined ? step.value : redactor.entry(step.value)
    if (json) await write(`${jsonLine(entry, bytes)}\n`)
    else for (const line of text.of(entry)) await write(`${line}\n`)
  }
}

/** What the end of reading means for whoever called. */
function ended({ kind, heard, all, damage }: ReadOutcome): number {
  if (damage !== undefined) console.error(`zk-trace: ${damage}; what came before stands`)
  if (heard === 0)
    console.error(
      `zk-trace: no packet of a terminal in ${all} ${kind === 'hex dump' ? 'pieces of the dump' : 'frames'}; is it another --port?`,
    )
  return damage === undefined && heard > 0 ? 0 : 1
}

/** A reader that is slow holds up the reading, so that nothing piles up. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

function helpText(): string {
  return [
    'zk-trace FILE: a capture of a ZKTeco terminal in words',
    '',
    'FILE is a pcap, a pcapng or a hex dump (xxd, hexdump -C, tcpdump -X, Wireshark, plain hex); - is standard input.',
    '',
    'Options:',
    ...helpLines(TRACE_OPTIONS),
    '',
    'Lines:',
    ...entryLines('>  <', 'goes to the terminal, comes from it'),
    ...entryLines(
      'session, reply',
      'the two numbers of the header; the session field holds other things in some packets',
    ),
    '',
    'Exit codes: 0 read to the end, 1 damaged or nothing found, 2 an option cannot be used.',
    '',
  ].join('\n')
}
