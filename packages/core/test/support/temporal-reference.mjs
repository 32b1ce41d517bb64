// The reference that device-zone.ts is held against: V8's own Temporal, which Node has behind a flag. Run as a process of its own;
// prints one line of JSON for each wall time around each change of offset of the zones that are named:
// [zone, wallTime, utcMs, status]. Arguments: first year, last year, zones.
const [firstYear, lastYear] = process.argv.slice(2, 4).map(Number)
const zones = process.argv.slice(4)
const AROUND_SECONDS = [-5400, -1, 0, 1, 1799, 1800, 3599, 3600, 5400]

const statusOf = (wall, zone) => {
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' }).epochMilliseconds
  const later = wall.toZonedDateTime(zone, { disambiguation: 'later' })
  if (earlier === later.epochMilliseconds) return 'ok'
  return later.toPlainDateTime().equals(wall) ? 'overlap' : 'gap'
}

const lineOf = (wall, zone) => {
  const { epochMilliseconds } = wall.toZonedDateTime(zone, { disambiguation: 'compatible' })
  return JSON.stringify([
    zone,
    wall.toString({ smallestUnit: 'second' }),
    epochMilliseconds,
    statusOf(wall, zone),
  ])
}

const STEP_MS = 10 * 86_400_000
const offsetAt = (ms, zone) =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).offsetNanoseconds

/** The first millisecond with the later offset, found by halving. */
const findChange = (from, to, zone) => {
  const old = offsetAt(from, zone)
  let [low, high] = [from, to]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle, zone) === old) low = middle
    else high = middle
  }
  return high
}

const begin = Date.UTC(firstYear, 0, 1)
const end = Date.UTC(lastYear + 1, 0, 1)
for (const zone of zones) {
  const lines = [lineOf(Temporal.PlainDateTime.from(`${lastYear}-06-15T12:00:00`), zone)]
  for (let ms = begin; ms < end; ms += STEP_MS) {
    if (offsetAt(ms, zone) === offsetAt(ms + STEP_MS, zone)) continue
    const change = Temporal.Instant.fromEpochMilliseconds(
      findChange(ms, ms + STEP_MS, zone),
    ).toZonedDateTimeISO(zone)
    const before = change.subtract({ seconds: 1 }).toPlainDateTime().add({ seconds: 1 })
    for (const wall of [before, change.toPlainDateTime()])
      for (const seconds of AROUND_SECONDS) lines.push(lineOf(wall.add({ seconds }), zone))
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}
