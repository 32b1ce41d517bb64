// Hex dumps as xxd, hexdump, tcpdump and Wireshark print them.
import { beforeAll, describe, expect, it } from 'vitest'
import { hexPieces } from '../../trace/hex-dump.ts'
import { frames, packet, type Spoken } from '../support/capture-files.ts'
import { packetsOf, recorded, tablesOf, textOf, traced } from '../support/traced.ts'

let spoken: Spoken[]
let wanted: string[]

beforeAll(async () => {
  spoken = await recorded(async (terminal) => {
    await terminal.readOption('~Platform')
    await terminal.readPeople()
  })
  wanted = textOf(await traced(plain(spoken)))
})

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const plain = (said: readonly Spoken[]): string =>
  said.map(({ direction, bytes }) => `${direction} ${hex(bytes)}`).join('\n')

/** Rows of 16 bytes with their text behind them. */
function rows(bytes: Uint8Array, row: (offset: string, groups: string[], text: string) => string): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16)
    const text = Buffer.from(part)
      .toString('latin1')
      .replaceAll(/[^ -~]/g, '.')
    lines.push(
      row(
        at.toString(16),
        [...part].map((byte) => byte.toString(16).padStart(2, '0')),
        text,
      ),
    )
  }
  return lines.join('\n')
}

const xxd = (offset: string, groups: string[], text: string): string => {
  const pairs = groups.join('').replaceAll(/(.{4})(?=.)/g, '$1 ')
  return `${offset.padStart(8, '0')}: ${pairs.padEnd(39)}  ${text}`
}
const hexdump = (offset: string, groups: string[], text: string): string => {
  const columns = `${groups.slice(0, 8).join(' ')}  ${groups.slice(8).join(' ')}`
  return `${offset.padStart(8, '0')}  ${columns.padEnd(48)}  |${text}|`
}

describe('a hex dump', () => {
  it.each([
    ['one piece a line, without arrows', () => spoken.map(({ bytes }) => hex(bytes)).join('\n')],
    [
      'with blanks, capitals and remarks',
      () =>
        spoken
          .map(({ bytes }) => `# said\n${hex(bytes).toUpperCase().replaceAll(/(..)/g, '$1 ')}`)
          .join('\n\n'),
    ],
    ['with CR LF', () => plain(spoken).replaceAll('\n', '\r\n')],
    ['of xxd', () => spoken.map(({ bytes }) => `${rows(bytes, xxd)}\n`).join('')],
    [
      'of xxd -p',
      () => spoken.map(({ bytes }) => `${hex(bytes).replaceAll(/(.{60})(?=.)/g, '$1\n')}\n`).join(''),
    ],
    [
      'of hexdump -C',
      () =>
        spoken
          .map(({ bytes }) => {
            const end = bytes.length.toString(16).padStart(8, '0')
            return `${rows(bytes, hexdump)}\n${end}\n`
          })
          .join(''),
    ],
    [
      'copied from Wireshark',
      () =>
        spoken
          .map(({ bytes }) =>
            rows(
              bytes,
              (offset, groups, text) =>
                `${offset.padStart(4, '0')}   ${groups.join(' ').padEnd(47)}   ${text}`,
            ),
          )
          .join('\n\n'),
    ],
  ])('%s is read as what was said', async (_, made) => {
    expect(textOf(await traced(made()))).toEqual(wanted)
  })

  it('of a followed stream tells the directions by its indentation', async () => {
    const said = { '>': 0, '<': 0 }
    const lines = spoken.map(({ direction, bytes }) => {
      const begin = said[direction]
      said[direction] += bytes.length
      return rows(bytes, (offset, groups, text) => {
        const at = (begin + Number.parseInt(offset, 16)).toString(16).padStart(8, '0')
        const columns = `${groups.slice(0, 8).join(' ')}  ${groups.slice(8).join(' ')}`.padEnd(48)
        return `${direction === '<' ? '    ' : ''}${at}  ${columns}   ${text}`
      })
    })
    expect(textOf(await traced(lines.join('\n')))).toEqual(wanted)
  })

  it.each(['-X', '-XX'] as const)(
    'of tcpdump %s holds addresses and times, and is put in order',
    async (flag) => {
      const made = frames(spoken, { link: flag === '-X' ? 'raw' : 'ethernet' })
      const text = made.map(({ bytes, atMs }) => {
        const time = new Date(atMs).toISOString().slice(11, 23)
        const dump = rows(
          bytes,
          (offset, groups, ascii) =>
            `\t0x${offset.padStart(4, '0')}:  ${groups
              .join('')
              .replaceAll(/(.{4})(?=.)/g, '$1 ')
              .padEnd(39)}  ${ascii}`,
        )
        return `${time}000 IP 10.0.0.5.51000 > 192.168.1.201.4370: Flags [P.], length ${bytes.length}\n${dump}`
      })
      const read = await traced(text.join('\n'))
      const withoutTimes = textOf(read).map((line) => line.replace(/^[\d:.]+ /, ''))
      expect(withoutTimes).toEqual(wanted)
      expect(textOf(read)[0]).toMatch(/^08:00:00\.020 > CONNECT/)
      expect(packetsOf(read)[0]?.place).toMatchObject({
        client: '10.0.0.5:51000',
        terminal: '192.168.1.201:4370',
      })
    },
  )

  it('of datagrams needs no wrapper, and their numbers tell who speaks', async () => {
    const datagrams = await recorded((terminal) => terminal.readPeople(), {}, { transport: 'udp' })
    const read = await traced(datagrams.map(({ bytes }) => hex(bytes)).join('\n'))
    expect(packetsOf(read).map(({ direction }) => direction)).toEqual(
      datagrams.map(({ direction }) => direction),
    )
    expect(tablesOf(read)).toMatchObject([{ table: 'people', records: 8 }])
  })

  it('that is one frame of another network is read too', async () => {
    const frame = packet({ version: 6, transport: 'udp' }, '>', Buffer.from('e80317fc00000000', 'hex'))
    expect(textOf(await traced(hex(frame)))).toEqual(['> CONNECT session 0 reply 0'])
  })

  it('that is none says so', async () => {
    expect((await traced('Dear support,\nit does not work.\n')).outcome).toMatchObject({
      kind: 'hex dump',
      heard: 0,
      all: 0,
    })
  })
})

it('takes a line of any length in parts that fit in memory', async () => {
  let longest = 0
  const line = async function* (): AsyncGenerator<string> {
    for (let i = 0; i < 4; i += 1) yield '50'.repeat(100_000)
  }
  for await (const { bytes } of hexPieces(line())) longest = Math.max(longest, bytes.length)
  expect(longest).toBe(100_000)
})
