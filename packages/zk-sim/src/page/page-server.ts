// The page: the screens of the terminals in a browser, and buttons for the hand. It needs nothing but this process: no other
// address is asked for anything. The page asks for the state once a second; what it does goes through the acts.
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ListenError } from '../listener.ts'
import type { PunchTruth } from '../punch-record.ts'
import type { SimulatedTerminal } from '../simulated-terminal.ts'
import { ZkUsageError } from '@org/zk-proto/wire'
import { ActError, ACTS } from './hand-acts.ts'
import { PAGE_HEADERS, refusalOf } from './page-guard.ts'
import { peopleOffered, summaryOf, viewOf } from './terminal-view.ts'

/** How the page is opened. */
export interface PageOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Told of punches that were made by its buttons. */
  readonly punched: (terminal: SimulatedTerminal, punch: PunchTruth) => void
}

/** An open page. */
export interface Page {
  /** Where a browser finds it. */
  readonly url: string
  /** Ends it with all connections. */
  close(): Promise<void>
}

/** An answer that is no success, as a sentence. */
class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

interface Asset {
  readonly type: string
  readonly bytes: Uint8Array
}

const HTML = 'text/html; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'
/** The files of the page, by address. */
const ASSETS = {
  'screen.html': HTML,
  'list.html': HTML,
  'page.css': 'text/css; charset=utf-8',
  'screen.mjs': SCRIPT,
  'list.mjs': SCRIPT,
  'icon.svg': 'image/svg+xml',
} as const
type AssetName = keyof typeof ASSETS

const MOST_BODY_BYTES = 4_096
const MOST_CONNECTIONS = 128
const REQUEST_WITHIN_MS = 10_000
const UNREADABLE = 'expected an object of JSON'

/** Opens the page. @throws ListenError when the port cannot be had. */
export async function openPage(terminals: readonly SimulatedTerminal[], options: PageOptions): Promise<Page> {
  const assets = await readAssets()
  const site = new Site(terminals, assets, options.punched)
  const server = createServer(
    { requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS },
    (request, response) => {
      site.answer(request, response).catch((error: unknown) => response.destroy(asError(error)))
    },
  )
  server.maxConnections = MOST_CONNECTIONS
  const port = await listening(server, options)
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { url: `http://${host}:${port}/`, close: () => closed(server) }
}

/** What stands at which address. */
class Site {
  readonly #terminals: readonly SimulatedTerminal[]
  readonly #assets: ReadonlyMap<AssetName, Asset>
  readonly #punched: PageOptions['punched']

  constructor(
    terminals: readonly SimulatedTerminal[],
    assets: ReadonlyMap<AssetName, Asset>,
    punched: PageOptions['punched'],
  ) {
    this.#terminals = terminals
    this.#assets = assets
    this.#punched = punched
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const refusal = refusalOf(request)
      if (refusal !== undefined) throw new HttpError(403, refusal)
      const [path = '/'] = (request.url ?? '/').split('?', 1)
      if (request.method === 'POST') sendJson(response, 200, await this.#act(path, request))
      else if (request.method === 'GET' || request.method === 'HEAD') this.#show(path, response)
      else throw new HttpError(405, 'expected GET or POST')
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      // What is left of a body that was not read would be taken for the next request.
      response.setHeader('connection', 'close')
      sendJson(response, error.status, { error: error.message })
    }
  }

  #show(path: string, response: ServerResponse): void {
    const [, number, part] = /^\/api\/terminals\/(\d{1,3})(\/people)?$/u.exec(path) ?? []
    if (number !== undefined) {
      const terminal = this.#terminal(number)
      const shown = part === undefined ? this.#view(terminal, Number(number)) : peopleOffered(terminal)
      sendJson(response, 200, shown)
    } else if (path === '/api/terminals') {
      sendJson(
        response,
        200,
        this.#terminals.map((terminal, index) => summaryOf(terminal, index + 1)),
      )
    } else this.#sendAsset(response, this.#assetAt(path))
  }

  async #act(path: string, request: IncomingMessage): Promise<unknown> {
    const [, number = '', name = ''] = /^\/api\/terminals\/(\d{1,3})\/([a-z-]{1,20})$/u.exec(path) ?? []
    const act = ACTS.get(name)
    if (act === undefined) throw new HttpError(404, 'there is nothing to do at this address')
    const terminal = this.#terminal(number)
    const input = await readInput(request)
    try {
      const { said, punch } = await act(terminal, input)
      if (punch !== undefined) this.#punched(terminal, punch)
      return { said, terminal: this.#view(terminal, Number(number)) }
    } catch (cause) {
      const isInput =
        cause instanceof ActError || cause instanceof RangeError || cause instanceof ZkUsageError
      if (isInput) throw new HttpError(400, cause.message, { cause })
      if (cause instanceof ListenError) throw new HttpError(409, cause.message, { cause })
      throw cause
    }
  }

  #view(terminal: SimulatedTerminal, number: number): unknown {
    return viewOf(terminal, number, this.#terminals.length)
  }

  #terminal(number: string): SimulatedTerminal {
    const terminal = this.#terminals[Number(number) - 1]
    if (terminal === undefined) throw new HttpError(404, 'there is no such terminal')
    return terminal
  }

  #assetAt(path: string): AssetName {
    if (path === '/') return this.#terminals.length === 1 ? 'screen.html' : 'list.html'
    if (/^\/terminals\/\d{1,3}$/u.test(path)) {
      this.#terminal(path.slice('/terminals/'.length))
      return 'screen.html'
    }
    const name = path.slice(1)
    if (!isAssetName(name) || name.endsWith('.html'))
      throw new HttpError(404, 'there is nothing at this address')
    return name
  }

  #sendAsset(response: ServerResponse, name: AssetName): void {
    const asset = this.#assets.get(name)
    if (asset === undefined) throw new HttpError(404, 'there is nothing at this address')
    response.writeHead(200, {
      ...PAGE_HEADERS,
      'content-type': asset.type,
      'content-length': asset.bytes.length,
    })
    response.end(asset.bytes)
  }
}

async function readAssets(): Promise<Map<AssetName, Asset>> {
  const names = Object.keys(ASSETS).filter(isAssetName)
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<[AssetName, Asset]> => [
        name,
        { type: ASSETS[name], bytes: await readFile(new URL(`../../page/${name}`, import.meta.url)) },
      ]),
    ),
  )
}

function isAssetName(name: string): name is AssetName {
  return Object.hasOwn(ASSETS, name)
}

async function readInput(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) throw new HttpError(400, UNREADABLE)
    bytes += piece.length
    if (bytes > MOST_BODY_BYTES) throw new HttpError(413, `expected at most ${MOST_BODY_BYTES} bytes`)
    pieces.push(piece)
  }
  const input = parsed(Buffer.concat(pieces).toString('utf8'))
  if (!isObject(input)) throw new HttpError(400, UNREADABLE)
  return input
}

function parsed(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch (cause) {
    throw new HttpError(400, UNREADABLE, { cause })
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sendJson(response: ServerResponse, status: number, content: unknown): void {
  const bytes = Buffer.from(JSON.stringify(content))
  response.writeHead(status, {
    ...PAGE_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
  })
  response.end(bytes)
}

function listening(server: Server, { host, port }: PageOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new ListenError(host, port, cause)))
    server.listen({ host, port }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
