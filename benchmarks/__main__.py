"""`make bench`: runs every measurement and prints one line each."""

from benchmarks import copies, day, ears, echo, ivr, journal, numbers, queue, recording, reports, search, span, tick

for measure in (tick.measure, span.measure, ears.measure, echo.measure, journal.measure, numbers.measure, queue.measure,
                reports.measure, search.measure, recording.measure, ivr.measure, copies.measure,
                day.measure):
    for line in measure():
        print(line)
