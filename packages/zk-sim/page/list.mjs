// The list of terminals: asked for once a second, a row each, every row leads to its screen.
const EVERY_MS = 1_000
const WITHIN_MS = 5_000

const rows = document.querySelector('#rows')
const summary = document.querySelector('#summary')
const lost = document.querySelector('#lost')

/** Rows by terminal number; a row that is there is changed, so that the keyboard's focus stays. */
const known = new Map()

function rowOf(number) {
  const there = known.get(number)
  if (there !== undefined) return there
  const row = rows.insertRow()
  const link = document.createElement('a')
  link.href = `/terminals/${number}`
  row.insertCell().append(link)
  const cells = ['number', '', '', 'number', 'number', 'number'].map((name) => {
    const cell = row.insertCell()
    cell.className = name
    return cell
  })
  const made = { link, cells }
  known.set(number, made)
  return made
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function show(terminals) {
  const punches = terminals.reduce((sum, terminal) => sum + terminal.punches, 0)
  const on = terminals.filter((terminal) => terminal.on).length
  put(summary, `${terminals.length} terminals, ${on} with power, ${punches.toLocaleString('en')} punches`)
  for (const terminal of terminals) {
    const { link, cells } = rowOf(terminal.number)
    put(link, terminal.serial_number)
    const state = terminal.on ? (terminal.enabled ? 'on' : 'disabled') : 'no power'
    const { port, model, people, punches, open_sessions: sessions } = terminal
    const texts = [port, model, state, people.toLocaleString('en'), punches.toLocaleString('en'), sessions]
    for (const [index, text] of texts.entries()) put(cells[index], String(text))
    cells[2].dataset.state = state
  }
}

async function look() {
  try {
    const response = await fetch('/api/terminals', { signal: AbortSignal.timeout(WITHIN_MS) })
    if (!response.ok) throw new Error(`answered ${response.status}`)
    show(await response.json())
    lost.hidden = true
  } catch {
    lost.hidden = false
  }
  setTimeout(() => void look(), EVERY_MS)
}

await look()
