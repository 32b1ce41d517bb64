// One terminal's screen: asked for once a second, and after every button. The buttons post what the hand is to do and show
// the sentence that comes back.
const EVERY_MS = 1_000
const WITHIN_MS = 10_000

const [, , inPath = '1'] = location.pathname.split('/')
const api = `/api/terminals/${inPath}`
const at = (id) => document.querySelector(`#${id}`)

let shown

function put(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function count(value) {
  return value.toLocaleString('en')
}

function lamp(element, text, state) {
  put(element, text)
  element.dataset.state = state
}

function show(view) {
  shown = view
  const { number, serial_number: serial, on, door } = view
  document.title = `${serial} · zk-sim`
  put(at('title'), serial)
  put(at('about'), view.about)
  at('screen').dataset.power = on ? 'on' : 'off'
  put(at('device-name'), view.device_name)
  lamp(at('power'), on ? 'Power' : 'No power', on ? 'good' : 'bad')
  lamp(at('enabled'), view.enabled ? 'Enabled' : 'Disabled', view.enabled ? 'good' : 'warn')
  lamp(at('door'), door.open ? 'Door open' : 'Door shut', door.open ? 'warn' : 'calm')
  const [date, time] = view.wall_time.split('T')
  at('time').dateTime = view.wall_time
  put(at('time'), time)
  put(at('date'), date)
  put(at('zone'), view.zone)
  put(at('lines'), view.enrolling ? enrolmentText(view.enrolling) : view.lines.join('\n'))
  at('lines').hidden = view.lines.length === 0 && view.enrolling === null
  put(at('last'), lastText(view.last_punches[0]))
  put(at('people'), `${count(view.people)} of ${count(view.people_capacity)}`)
  put(at('punches'), `${count(view.punches)} of ${count(view.punch_capacity)}`)
  put(at('sessions'), `${view.counters['Sessions open']} open`)
  put(at('port'), String(view.port))
  at('fill').value = view.punches / view.punch_capacity
  put(at('hold'), door.held_open ? 'Let the door shut' : 'Open the door')
  for (const button of document.querySelectorAll('[data-act="pull-plug"]')) button.disabled = !on
  for (const button of document.querySelectorAll('[data-act="plug-in"]')) button.disabled = on
  showPunches(view.last_punches, date)
  showCounters(view.counters)
  showOthers(number, view.terminals)
}

function enrolmentText({ pin, finger }) {
  return `Enrolling finger ${finger} of ${pin}: press it`
}

function lastText(punch) {
  if (punch === undefined) return 'none'
  const name = punch.name === '' ? '' : ` ${punch.name}`
  return `${punch.who}${name}, ${punch.denied ? 'refused' : punch.state}, ${punch.wall_time.replace('T', ' ')}`
}

/** The last punches; those of the day that the clock shows without its date. */
function showPunches(punches, today) {
  const wanted = JSON.stringify([today, punches])
  if (at('rows').dataset.shown === wanted) return
  at('rows').dataset.shown = wanted
  at('rows').replaceChildren(
    ...punches.map((punch) => {
      const row = document.createElement('tr')
      const who = punch.name === '' ? punch.who : `${punch.who} ${punch.name}`
      const state = punch.denied ? 'refused' : punch.state
      const [date, time] = punch.wall_time.split('T')
      const texts = [count(punch.index), date === today ? time : `${date} ${time}`, who, state, punch.verify]
      row.append(
        ...texts.map((text) => {
          const cell = document.createElement('td')
          cell.textContent = text
          return cell
        }),
      )
      for (const index of [0, 1, 3]) row.cells[index].className = index === 0 ? 'number' : 'whole'
      return row
    }),
  )
}

function showCounters(counters) {
  const list = at('counters')
  if (list.childElementCount === 0) {
    for (const name of Object.keys(counters)) {
      const pair = document.createElement('div')
      const [term, value] = [document.createElement('dt'), document.createElement('dd')]
      term.textContent = name
      value.dataset.counter = name
      pair.append(term, value)
      list.append(pair)
    }
  }
  for (const value of list.querySelectorAll('dd')) put(value, count(counters[value.dataset.counter]))
}

function showOthers(number, terminals) {
  at('others').hidden = terminals < 2
  for (const [id, other] of [
    ['previous', number - 1],
    ['next', number + 1],
  ]) {
    if (other >= 1 && other <= terminals) at(id).href = `/terminals/${other}`
    else at(id).removeAttribute('href')
  }
}

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, signal: AbortSignal.timeout(WITHIN_MS) })
  const content = await response.json()
  if (!response.ok) throw new Error(content.error)
  return content
}

async function act(name, input = {}) {
  try {
    const { said, terminal } = await ask(`${api}/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    })
    show(terminal)
    at('said').textContent = said
    at('said').dataset.kind = 'done'
  } catch (error) {
    at('said').textContent = error.message
    at('said').dataset.kind = 'refused'
  }
}

async function present(by) {
  const pin = at('pin')
  if (!pin.reportValidity()) return
  await act('present', { pin: pin.value.trim(), by, state: Number(at('state').value) })
}

at('who').addEventListener('submit', (event) => {
  event.preventDefault()
  void present('finger')
})
at('clock').addEventListener('submit', (event) => {
  event.preventDefault()
  void act('set-clock', { wall_time: at('wall-time').value })
})
at('hold').addEventListener('click', () => void act('hold-door', { open: !shown?.door.held_open }))
for (const button of document.querySelectorAll('button[type="button"][data-by]'))
  button.addEventListener('click', () => void present(button.dataset.by))
for (const button of document.querySelectorAll('[data-act]'))
  button.addEventListener('click', () => void act(button.dataset.act))

async function offerPeople() {
  const people = await ask(`${api}/people`)
  at('offered').replaceChildren(...people.map(({ pin, name }) => new Option(name, pin)))
  if (at('pin').value === '' && people.length > 0) at('pin').value = people[0].pin
}

async function look() {
  try {
    show(await ask(api))
    if (at('offered').childElementCount === 0) await offerPeople()
    if (at('wall-time').value === '') at('wall-time').value = shown.wall_time
    at('lost').hidden = true
  } catch {
    at('lost').hidden = false
  }
  setTimeout(() => void look(), EVERY_MS)
}

await look()
